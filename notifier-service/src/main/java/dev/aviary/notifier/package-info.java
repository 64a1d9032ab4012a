@NullMarked
package dev.aviary.notifier;

import org.jspecify.annotations.NullMarked;
