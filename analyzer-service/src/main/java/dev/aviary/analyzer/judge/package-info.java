@NullMarked
package dev.aviary.analyzer.judge;

import org.jspecify.annotations.NullMarked;
