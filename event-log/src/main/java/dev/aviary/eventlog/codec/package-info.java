@NullMarked
package dev.aviary.eventlog.codec;

import org.jspecify.annotations.NullMarked;
