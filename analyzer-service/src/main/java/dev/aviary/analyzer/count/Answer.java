package dev.aviary.analyzer.count;

import java.util.List;

/// What a pod said at one look.
///
/// @param askedMillis    when it was asked
/// @param answeredMillis when its answer was there, rounded up
record Answer(List<Sample> samples, long askedMillis, long answeredMillis) {}
