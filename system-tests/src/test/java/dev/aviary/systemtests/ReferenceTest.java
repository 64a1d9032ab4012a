package dev.aviary.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// `docs/reference` says what the code says. `-Dreference.write=true` writes what is generated.
class ReferenceTest {
    static final String COMMAND =
            "./mvnw -pl system-tests -am test -Dtest=ReferenceTest -Dreference.write=true -Dsurefire.failIfNoSpecifiedTests=false";
    static final String WRITTEN_BY =
            "Written from the code; a test fails when it is stale. To write it anew:\n\n    " + COMMAND;
    private static final boolean WRITE = Boolean.getBoolean("reference.write");
    private static final Path FOLDER = Repository.ROOT.resolve("docs/reference");

    @Test
    void eventsAreAsTheRecordsSay() throws IOException {
        isAsGenerated("events.md", EventReference.document());
    }

    @Test
    void settingsAreAsTheConfigInterfacesSay() throws IOException {
        isAsGenerated("settings.md", SettingReference.document());
    }

    /// That the services really expose them is looked at in [SeedExperimentST].
    @Test
    void everyMetricInTheCodeIsInTheReferenceAndNoOther() throws IOException {
        var inCode = new TreeSet<String>();
        var built = Pattern.compile("\"((?:flagger_|aviary\\.)[a-z_.]+)\"");
        for (var service : SettingReference.SERVICES) {
            try (var sources = Files.walk(Repository.ROOT.resolve(service + "-service/src/main/java"))) {
                for (var source : sources.filter(file -> file.toString().endsWith(".java"))
                        .toList()) {
                    var text = Files.readString(source);
                    if (text.contains("io.micrometer.core.instrument")) {
                        built.matcher(text)
                                .results()
                                .map(found -> found.group(1).replace('.', '_'))
                                .forEach(inCode::add);
                    }
                }
            }
        }

        assertThat(bare(MetricReference.read().keySet())).isEqualTo(bare(inCode));
    }

    /// Without what Prometheus' format adds.
    private static SortedSet<String> bare(Set<String> names) {
        return names.stream()
                .map(name -> name.replaceAll("_(total|seconds)$", ""))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static void isAsGenerated(String name, String wanted) throws IOException {
        var file = FOLDER.resolve(name);
        if (WRITE) {
            Files.writeString(file, wanted);
        }
        assertThat(file)
                .as("%s is stale; write it anew: %s", file, COMMAND)
                .exists()
                .hasContent(wanted);
    }
}
