@NullMarked
package dev.aviary.notifier.alert;

import org.jspecify.annotations.NullMarked;
