@NullMarked
package dev.aviary.router.status;

import org.jspecify.annotations.NullMarked;
