/// Informers, what they show of a canary, and what of that the log doesn't know yet.
@NullMarked
package dev.aviary.detector.watch;

import org.jspecify.annotations.NullMarked;
