@NullMarked
package dev.aviary.analyzer;

import org.jspecify.annotations.NullMarked;
