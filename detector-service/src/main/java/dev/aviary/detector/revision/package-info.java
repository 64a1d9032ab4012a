/// What counts as a new revision.
@NullMarked
package dev.aviary.detector.revision;

import org.jspecify.annotations.NullMarked;
