package dev.aviary.analyzer.count;

import java.util.SortedMap;

/// One line of a pod's metrics: a series and what it says now.
///
/// @param name  as exposed, such as `http_requests_total` or `http_request_duration_seconds_bucket`
/// @param value may be NaN or infinite
record Sample(String name, SortedMap<String, String> labels, double value) {}
