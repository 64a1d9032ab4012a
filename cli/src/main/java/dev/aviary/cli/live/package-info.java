@NullMarked
package dev.aviary.cli.live;

import org.jspecify.annotations.NullMarked;
