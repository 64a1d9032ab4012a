package dev.aviary.analyzer.count;

import java.util.SortedMap;

/// @param name as exposed
record Series(String name, SortedMap<String, String> labels) {
    static Series of(Sample sample) {
        return new Series(sample.name(), sample.labels());
    }
}
