/// What happens in Kubernetes becomes events on the log.
@NullMarked
package dev.aviary.detector;

import org.jspecify.annotations.NullMarked;
