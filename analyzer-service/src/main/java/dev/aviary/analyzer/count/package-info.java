@NullMarked
package dev.aviary.analyzer.count;

import org.jspecify.annotations.NullMarked;
