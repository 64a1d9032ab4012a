package dev.aviary.decisions.guard;

final class Counts {
    private Counts() {}

    static void check(long failures, long total) {
        if (failures < 0 || failures > total) {
            throw new IllegalArgumentException(
                    "failures are part of all requests, got %s of %s".formatted(failures, total));
        }
    }
}
