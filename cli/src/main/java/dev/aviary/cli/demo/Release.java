package dev.aviary.cli.demo;

/// What the seed experiment lets loose, and how each must end.
///
/// @see Demo
enum Release {
    SLOW("sleeps 2 s in every request", "SLEEP_MS=2000", "Failed"),
    GOOD("is well", "", "Succeeded"),
    BROKEN("never becomes ready", "NEVER_READY=true", "Failed"),
    NO_TRAFFIC("is well, but has no traffic at first", "", "Succeeded"),
    UNSEEN("is well, but Prometheus sees it late", "", "Succeeded");

    private final String what;
    private final String environment;
    private final String endsAs;

    Release(String what, String environment, String endsAs) {
        this.what = what;
        this.environment = environment;
        this.endsAs = endsAs;
    }

    String word() {
        return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }

    static Release of(String word) {
        return java.util.Arrays.stream(values())
                .filter(release -> release.word().equals(word))
                .findFirst()
                .orElseThrow();
    }

    /// The image's tag, and the name of its first version.
    String image() {
        return "v2-" + word();
    }

    String what() {
        return what;
    }

    /// Of the app's environment, where it differs from that of a version that is well.
    java.util.Optional<String> setting(String name) {
        return java.util.Optional.of(environment)
                .filter(setting -> setting.startsWith(name + "="))
                .map(setting -> setting.substring(name.length() + 1));
    }

    boolean isBad() {
        return endsAs.equals("Failed");
    }

    /// The Canary's phase at the end.
    String endsAs() {
        return endsAs;
    }
}
