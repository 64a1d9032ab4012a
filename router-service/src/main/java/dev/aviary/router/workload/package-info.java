@NullMarked
package dev.aviary.router.workload;

import org.jspecify.annotations.NullMarked;
