@NullMarked
package dev.aviary.eventlog.streams;

import org.jspecify.annotations.NullMarked;
