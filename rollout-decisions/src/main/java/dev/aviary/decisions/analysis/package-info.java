@NullMarked
package dev.aviary.decisions.analysis;

import org.jspecify.annotations.NullMarked;
