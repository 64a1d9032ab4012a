/// The guard's statistics: integers in, natural logarithms of e-values out. Pure, and the same bit for bit everywhere.
@NullMarked
package dev.aviary.decisions.guard;

import org.jspecify.annotations.NullMarked;
