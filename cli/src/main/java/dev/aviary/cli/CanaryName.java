package dev.aviary.cli;

/// `NAMESPACE/NAME`, as typed.
record CanaryName(String namespace, String name) {
    static CanaryName of(String typed) {
        var parts = typed.split("/", -1);
        if (parts.length != 2 || parts[0].isBlank() || parts[1].isBlank()) {
            throw new Problem("a canary is named NAMESPACE/NAME, got \"%s\".".formatted(typed));
        }
        return new CanaryName(parts[0], parts[1]);
    }
}
