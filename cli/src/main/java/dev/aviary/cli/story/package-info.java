@NullMarked
package dev.aviary.cli.story;

import org.jspecify.annotations.NullMarked;
