/// Finds out whether counts of requests stand behind a metric's query.
@NullMarked
package dev.aviary.analyzer.promql;

import org.jspecify.annotations.NullMarked;
