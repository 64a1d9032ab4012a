@NullMarked
package dev.aviary.notifier.channel;

import org.jspecify.annotations.NullMarked;
