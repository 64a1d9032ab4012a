package dev.aviary.systemtests;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;
import java.util.regex.Pattern;

/// `docs/reference/settings.md`: names and meanings from the services' `…Config`, defaults from beside it.
final class SettingReference {
    static final List<String> SERVICES = List.of("detector", "router", "analyzer", "notifier");
    private static final Pattern DEFAULT = Pattern.compile("@WithDefault\\(\"(.*)\"\\)");

    private SettingReference() {}

    static String document() {
        var lines = new ArrayList<String>();
        lines.add("""
                # Settings

                %s

                Each can be given as a system property (`-Daviary.router.blind-deadline=45s`), as an environment variable
                (`AVIARY_ROUTER_BLIND_DEADLINE=45s`: capitals, and `_` for every other sign), or in `config/application.properties` beside
                the service. A duration carries its unit: `500ms`, `30s`, `24h`. `./aviary up` sets what its options say; see `./aviary up --help`.
                Quarkus' own settings hold as well, such as `quarkus.http.port`, `quarkus.log.level` and `quarkus.otel.sdk.disabled`. What one Canary
                may set by annotation is in the guides ([the guard](../guides/guard.md)) and in [compat](compat.md).
                """.formatted(ReferenceTest.WRITTEN_BY).strip());
        SERVICES.forEach(service -> lines.add(section(service)));
        return String.join("\n", lines) + "\n";
    }

    private static String section(String service) {
        var name = Character.toUpperCase(service.charAt(0)) + service.substring(1);
        var main = Repository.ROOT.resolve(service + "-service/src/main");
        var config = JavaSource.of(main.resolve("java/dev/aviary/%s/%sConfig.java".formatted(service, name)));
        var defaults = defaults(main.resolve("resources/META-INF/microprofile-config.properties"));
        var lines = new ArrayList<String>();
        lines.add("\n## %s\n\n| `aviary.%s.` | default | is |\n|---|---|---|".formatted(name, service));
        for (var setting : config.methods()) {
            lines.add("| `%s%s` | %s | %s |"
                    .formatted(
                            dashed(setting.name()),
                            setting.type().startsWith("Map<") ? ".*" : "",
                            standard(
                                    setting,
                                    Optional.ofNullable(defaults.getProperty(
                                            "aviary.%s.%s".formatted(service, dashed(setting.name()))))),
                            setting.what() + choices(config, setting.type())));
        }
        return String.join("\n", lines);
    }

    private static String standard(JavaSource.Method setting, Optional<String> written) {
        var inCode = DEFAULT.matcher(setting.annotations())
                .results()
                .map(found -> found.group(1))
                .findFirst();
        return written.or(() -> inCode).map(value -> "`" + value + "`").orElseGet(() -> {
            if (!setting.type().startsWith("Optional<") && !setting.type().startsWith("Map<")) {
                throw new IllegalStateException(setting.name() + " has no default");
            }
            return "none";
        });
    }

    /// Of a nested enum.
    private static String choices(JavaSource config, String type) {
        return Pattern.compile("enum " + Pattern.quote(type) + " \\{([^}]*)\\}")
                .matcher(config.text())
                .results()
                .findFirst()
                .map(found -> " One of: `%s`."
                        .formatted(String.join(
                                "`, `",
                                found.group(1).strip().toLowerCase(Locale.ROOT).split(",\\s*"))))
                .orElse("");
    }

    private static String dashed(String method) {
        return method.replaceAll("(?<=[a-z0-9])(?=[A-Z])", "-").toLowerCase(Locale.ROOT);
    }

    private static Properties defaults(Path file) {
        var defaults = new Properties();
        try (var in = Files.newBufferedReader(file)) {
            defaults.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return defaults;
    }
}
