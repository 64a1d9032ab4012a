/// Starts and ends a playground from Java: a Kubernetes cluster on one Linux machine, without containers or root.
@NullMarked
package dev.aviary.playground;

import org.jspecify.annotations.NullMarked;
