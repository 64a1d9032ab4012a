package dev.aviary.cli;

import dev.aviary.events.CanaryKey;

/// `NAMESPACE/NAME`, as typed.
record CanaryName(String namespace, String name) {
    static CanaryName of(String typed) {
        var parts = typed.split("/", -1);
        if (parts.length != 2 || parts[0].isBlank() || parts[1].isBlank()) {
            throw new Problem("a canary is named NAMESPACE/NAME, got \"%s\".".formatted(typed));
        }
        return new CanaryName(parts[0], parts[1]);
    }

    /// In whichever cluster.
    boolean isOf(CanaryKey key) {
        return key.namespace().equals(namespace) && key.name().equals(name);
    }

    @Override
    public String toString() {
        return namespace + "/" + name;
    }
}
