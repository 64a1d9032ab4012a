package dev.aviary.flagger;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A list or map that a manifest leaves out is an empty one.
final class Absent {
    private Absent() {}

    static <T> List<T> orEmpty(@Nullable List<T> list) {
        return list == null ? List.of() : list;
    }

    static <K, V> Map<K, V> orEmpty(@Nullable Map<K, V> map) {
        return map == null ? Map.of() : map;
    }
}
