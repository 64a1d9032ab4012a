@NullMarked
package dev.aviary.analyzer.collect;

import org.jspecify.annotations.NullMarked;
