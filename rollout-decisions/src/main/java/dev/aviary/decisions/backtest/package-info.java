@NullMarked
package dev.aviary.decisions.backtest;

import org.jspecify.annotations.NullMarked;
