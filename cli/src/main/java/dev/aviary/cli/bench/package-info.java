@NullMarked
package dev.aviary.cli.bench;

import org.jspecify.annotations.NullMarked;
