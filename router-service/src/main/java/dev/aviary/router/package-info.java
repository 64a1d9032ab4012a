/// Events to traffic: hears the log, decides, makes the cluster follow, says what came of it.
@NullMarked
package dev.aviary.router;

import org.jspecify.annotations.NullMarked;
