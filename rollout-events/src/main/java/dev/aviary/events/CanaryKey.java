package dev.aviary.events;

/// `cluster/namespace/canary`, the record key: everything about a canary is in one order.
public record CanaryKey(String cluster, String namespace, String name) implements Comparable<CanaryKey> {
    /// @throws IllegalArgumentException if it hasn't three parts
    public static CanaryKey of(String key) {
        var parts = key.split("/", -1);
        if (parts.length != 3) {
            throw new IllegalArgumentException("a key is cluster/namespace/canary, got '%s'".formatted(key));
        }
        return new CanaryKey(parts[0], parts[1], parts[2]);
    }

    @Override
    public int compareTo(CanaryKey other) {
        return toString().compareTo(other.toString());
    }

    @Override
    public String toString() {
        return cluster + "/" + namespace + "/" + name;
    }
}
