@NullMarked
package dev.aviary.detector;

import org.jspecify.annotations.NullMarked;
