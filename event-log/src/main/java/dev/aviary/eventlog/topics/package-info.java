@NullMarked
package dev.aviary.eventlog.topics;

import org.jspecify.annotations.NullMarked;
