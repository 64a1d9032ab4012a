package dev.aviary.analyzer.count;

import java.util.SortedMap;

/// One series of a pod. It is asked for again and again, so its hash and its edge are worked out once.
final class Series {
    private final String name;
    private final SortedMap<String, String> labels;
    private final int hash;
    private final double edge;

    /// @param name as exposed
    Series(String name, SortedMap<String, String> labels) {
        this.name = name;
        this.labels = labels;
        this.hash = 31 * name.hashCode() + labels.hashCode();
        this.edge = edge(labels.getOrDefault("le", ""));
    }

    String name() {
        return name;
    }

    SortedMap<String, String> labels() {
        return labels;
    }

    /// Of a histogram's bucket, in its own unit; NaN if this is none.
    double edge() {
        return edge;
    }

    private static double edge(String le) {
        try {
            return le.equals("+Inf") ? Double.POSITIVE_INFINITY : le.isEmpty() ? Double.NaN : Double.parseDouble(le);
        } catch (NumberFormatException none) {
            return Double.NaN;
        }
    }

    @Override
    public boolean equals(Object other) {
        return this == other
                || (other instanceof Series series
                        && hash == series.hash
                        && name.equals(series.name)
                        && labels.equals(series.labels));
    }

    @Override
    public int hashCode() {
        return hash;
    }

    @Override
    public String toString() {
        return name + labels;
    }
}
