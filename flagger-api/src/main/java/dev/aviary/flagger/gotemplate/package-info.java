/// Go's text/template, as far as queries use it. No library on Maven Central that is served here has it (looked at:
/// gotemplate4j, experimental by its own words; gotmpl4j, not served), so it is our own: everything but `define`,
/// `template`, `block`, `call` and methods, which no query needs and which are refused by name.
///
/// @see <a href="https://pkg.go.dev/text/template">Go: text/template</a>
@NullMarked
package dev.aviary.flagger.gotemplate;

import org.jspecify.annotations.NullMarked;
