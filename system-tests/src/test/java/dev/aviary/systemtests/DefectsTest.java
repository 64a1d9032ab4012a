package dev.aviary.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// `docs/reference/flagger-defects.md` names every defect, and for each a test that there is.
class DefectsTest {
    private static final Path TABLE = Repository.ROOT.resolve("docs/reference/flagger-defects.md");
    private static final Pattern TEST = Pattern.compile("`(\\w+(?:Test|IT|ST|Contract))(?:#(\\w+))?`");

    @Test
    void everyDefectHasATestThatIsThere() throws IOException {
        var tests = tests();
        var rows = Files.readAllLines(TABLE).stream()
                .filter(line -> line.startsWith("| D"))
                .toList();

        assertThat(rows)
                .extracting(row -> row.split("\\|")[1].strip())
                .isEqualTo(IntStream.rangeClosed(1, 25)
                        .mapToObj(number -> "D" + number)
                        .toList());
        assertThat(rows).allSatisfy(row -> {
            var named = TEST.matcher(row).results().toList();
            assertThat(named).isNotEmpty().allSatisfy(test -> {
                assertThat(tests).containsKey(test.group(1));
                if (test.group(2) != null) {
                    assertThat(Files.readString(tests.get(test.group(1))))
                            .containsPattern(
                                    "(?s)@(Test|ParameterizedTest|Property).{0,4000}void " + test.group(2) + "\\(");
                }
            });
        });
    }

    /// Every test's source, by its simple name.
    private static Map<String, Path> tests() throws IOException {
        List<Path> modules;
        try (var folders = Files.list(Repository.ROOT)) {
            modules = folders.map(folder -> folder.resolve("src/test/java"))
                    .filter(folder -> Files.isDirectory(folder))
                    .toList();
        }
        return modules.stream()
                .flatMap(DefectsTest::sources)
                .collect(Collectors.toMap(
                        file -> file.getFileName().toString().replace(".java", ""),
                        Function.identity(),
                        (one, _) -> one));
    }

    private static Stream<Path> sources(Path folder) {
        try (var files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".java")).toList().stream();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
