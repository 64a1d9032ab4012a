@NullMarked
package dev.aviary.cli.demo;

import org.jspecify.annotations.NullMarked;
