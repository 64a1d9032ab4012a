/// The app-service of the seed experiment: says of a text message whether it is spam, and can be made slow, failing,
/// never ready or crashing by its settings. It knows nothing of Aviary.
@NullMarked
package dev.aviary.examples.smschecker;

import org.jspecify.annotations.NullMarked;
