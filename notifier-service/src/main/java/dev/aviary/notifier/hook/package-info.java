@NullMarked
package dev.aviary.notifier.hook;

import org.jspecify.annotations.NullMarked;
