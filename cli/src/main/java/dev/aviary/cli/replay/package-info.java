@NullMarked
package dev.aviary.cli.replay;

import org.jspecify.annotations.NullMarked;
