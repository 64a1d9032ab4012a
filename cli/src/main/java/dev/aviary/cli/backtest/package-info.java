@NullMarked
package dev.aviary.cli.backtest;

import org.jspecify.annotations.NullMarked;
