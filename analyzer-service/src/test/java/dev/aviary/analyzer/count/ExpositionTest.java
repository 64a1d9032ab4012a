package dev.aviary.analyzer.count;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExpositionTest {
    private static final Exposition EXPOSITION = new Exposition(List.of("requests_total", "seconds_bucket", "a.b"));

    @Test
    void onlyWhatIsWantedIsRead() {
        assertThat(read("""
                        # HELP requests_total Requests
                        # TYPE requests_total counter
                        requests_total{status="200"} 1027 1395066363000
                        requests_total{status="500",} 3
                        requests_total_more 5
                        requests_tota 6
                        other{requests_total="1"} 7
                        requests_total 4
                        """))
                .containsExactly(
                        sample("requests_total", Map.of("status", "200"), 1027),
                        sample("requests_total", Map.of("status", "500"), 3),
                        sample("requests_total", Map.of(), 4));
    }

    @Test
    void openMetricsHasExemplarsAndAnEnd() {
        assertThat(read("""
                        # TYPE seconds histogram
                        seconds_bucket{le="0.5"} 11 1395066363.5 # {trace_id="a } # b"} 0.43 1395066363
                        seconds_bucket{le="+Inf"} 1.2e1 # {trace_id="c"} 2.1
                        seconds_created 1395066363.1
                        # EOF
                        """))
                .containsExactly(
                        sample("seconds_bucket", Map.of("le", "0.5"), 11),
                        sample("seconds_bucket", Map.of("le", "+Inf"), 12));
    }

    @Test
    void labelsAreUnescapedAndMayHoldAnything() {
        assertThat(read("requests_total{ path = \"C:\\\\d\\\"q\\\",}\\n# ü\" , b=\"\" }\t2\r\n"))
                .containsExactly(sample("requests_total", Map.of("path", "C:\\d\"q\",}\n# ü", "b", ""), 2));
    }

    @Test
    void aNameOfOtherLettersStandsInQuotes() {
        assertThat(read("{\"a.b\",\"c.d\"=\"e\"} 5\n{\"x.y\"} 6\n"))
                .containsExactly(sample("a.b", Map.of("c.d", "e"), 5));
    }

    @Test
    void numbersThatArentFiniteAreNumbers() {
        assertThat(read("requests_total NaN\nrequests_total +Inf\nrequests_total -Inf\nrequests_total -1.5\n"))
                .extracting(Sample::value)
                .containsExactly(Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, -1.5);
    }

    @Test
    void aNumberMayBeLongerThanALong() {
        assertThat(read("requests_total 100000000000000000000\n"))
                .containsExactly(sample("requests_total", Map.of(), 1e20));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "requests_total",
                "requests_total ",
                "requests_total{a=\"1\"}",
                "requests_total{a=\"1\" 2",
                "requests_total{a=\"1} 2",
                "requests_total{a=1} 2",
                "requests_total{=\"1\"} 2",
                "requests_total{a=\"1\"b=\"2\"} 2",
                "requests_total{a=\"1\",a=\"2\"} 2",
                "requests_total{\"other\"} 2",
                "requests_total{a=\"1\\",
                "requests_total 0x1p3",
                "requests_total 1d",
                "requests_total 1 soon",
                "requests_total 1 2 3",
                "{} 1",
                "<html>"
            })
    void aLineThatMakesNoSenseIsLeftOutAlone(String junk) {
        assertThat(read(junk + "\nrequests_total 1\n")).containsExactly(sample("requests_total", Map.of(), 1));
    }

    @Test
    void whatIsKnownOfALineIsReadAgainAtTheNextLook() {
        var first = read("requests_total{path=\"/a}\",status=\"200\"} 1\nrequests_total 2\n{\"a.b\",c=\"}\"} 3\n");
        var second = read("requests_total{path=\"/a}\",status=\"200\"} 4 # {x=\"1\"} 1\nrequests_total\t5.0\r\n"
                + "{\"a.b\",c=\"}\"} 6\nrequests_total{path=\"/a}\",status=\"200\"\nrequests_total{path=\"/b}\"} x\n");

        assertThat(second).extracting(Sample::value).containsExactly(4.0, 5.0, 6.0);
        for (int line = 0; line < 3; line++) {
            assertThat(second.get(line).series()).isSameAs(first.get(line).series());
        }
    }

    @Test
    void aNumberThatIsCutOffIsNoNumber() {
        assertThat(read("requests_total 12345\nrequests_total 12")).hasSize(1);
    }

    @Test
    void whateverIsSentNothingIsThrownAndTheNextLineIsRead() {
        var chance = new Random(7);
        var letters = "requests_total{}\"\\,=#. \t\r1+-eInfNaN\u00fc\u0000".toCharArray();
        int taken = 0;
        for (int run = 0; run < 20_000; run++) {
            var line = new StringBuilder(chance.nextBoolean() ? "requests_total" : "");
            for (int i = chance.nextInt(12); i > 0; i--) {
                line.append(letters[chance.nextInt(letters.length)]);
            }
            var samples = read(line + "\nrequests_total 1\n");
            assertThat(samples.getLast()).as("after %s", line).isEqualTo(sample("requests_total", Map.of(), 1));
            taken += samples.size() - 1;
        }
        assertThat(taken).isPositive();
        var bytes = new byte[10_000];
        chance.nextBytes(bytes);
        assertThatCode(() -> EXPOSITION.read(bytes, _ -> {})).doesNotThrowAnyException();
    }

    @Test
    void whatIsWrittenIsRead() {
        var chance = new Random(8);
        var letters = "ab\\\"\n{},=# ü".toCharArray();
        for (int run = 0; run < 2_000; run++) {
            var labels = new TreeMap<String, String>();
            var written = new StringBuilder("requests_total{");
            for (int i = chance.nextInt(4); i > 0; i--) {
                var value = new StringBuilder();
                for (int j = chance.nextInt(6); j > 0; j--) {
                    value.append(letters[chance.nextInt(letters.length)]);
                }
                labels.put("l" + i, value.toString());
                written.append("l%d=\"%s\",".formatted(i, escaped(value.toString())));
            }
            double value = chance.nextBoolean() ? chance.nextInt() : chance.nextDouble() * 1e20;
            written.append("} ").append(value).append('\n');

            assertThat(read(written.toString()))
                    .containsExactly(new Sample(new Series("requests_total", labels), value));
        }
    }

    private static String escaped(String value) {
        return value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    }

    private static Sample sample(String name, Map<String, String> labels, double value) {
        return new Sample(new Series(name, new TreeMap<>(labels)), value);
    }

    private static List<Sample> read(String text) {
        var samples = new ArrayList<Sample>();
        EXPOSITION.read(text.getBytes(StandardCharsets.UTF_8), samples::add);
        return samples;
    }
}
