@NullMarked
package dev.aviary.decisions.rollout;

import org.jspecify.annotations.NullMarked;
