@NullMarked
package dev.aviary.detector.watch;

import org.jspecify.annotations.NullMarked;
