@NullMarked
package dev.aviary.cli.pipeline;

import org.jspecify.annotations.NullMarked;
