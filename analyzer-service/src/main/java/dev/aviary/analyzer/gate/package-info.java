@NullMarked
package dev.aviary.analyzer.gate;

import org.jspecify.annotations.NullMarked;
