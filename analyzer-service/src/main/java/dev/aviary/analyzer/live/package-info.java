@NullMarked
package dev.aviary.analyzer.live;

import org.jspecify.annotations.NullMarked;
