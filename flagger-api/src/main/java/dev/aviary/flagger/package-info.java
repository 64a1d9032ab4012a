/// What teams write: Flagger's three resources as Java, and what a Canary means once every default is filled in.
///
/// The records mirror `flagger.app/v1beta1` of Flagger 1.44. A field that may be absent is `@Nullable`; a list or map
/// that is
/// absent is empty. A number that the schema calls `number` is a [java.math.BigDecimal]: a fraction where a whole
/// number is needed reaches us like any other, and is refused by [CanarySpecs] with its field's path, instead of
/// stopping the decoding of a whole list. Fields that we don't know are skipped.
@NullMarked
package dev.aviary.flagger;

import org.jspecify.annotations.NullMarked;
