package dev.aviary.analyzer.promql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.aviary.analyzer.promql.Countable.Above;
import dev.aviary.analyzer.promql.Countable.Ratio;
import dev.aviary.analyzer.promql.Countable.ThresholdOnly;
import dev.aviary.analyzer.promql.Expression.Binary;
import dev.aviary.analyzer.promql.Expression.Constant;
import dev.aviary.analyzer.promql.Expression.Negation;
import dev.aviary.analyzer.promql.Matcher.Operator;
import dev.aviary.events.Bounds;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CountableReaderTest {
    private static final Bounds AT_LEAST_99 = new Bounds(Optional.of(99.0), Optional.empty());
    private static final Bounds AT_MOST_500 = new Bounds(Optional.empty(), Optional.of(500.0));

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "sum(rate(good)) / sum(rate(all)) * 100               | 99   |      | true  | .01",
                "100 * sum(rate(good)) / sum(rate(all))               | 99   |      | true  | .01",
                "sum(rate(good)) / sum(rate(all))                     | .999 |      | true  | .001",
                "(sum(increase(good))) / (sum(increase(all)))         | .99  | 1    | true  | .01",
                "sum(rate(good)) / sum(rate(all))                     |      | .02  | false | .02",
                "1 - sum(rate(good)) / sum(rate(all))                 |      | .01  | true  | .01",
                "1 - sum(rate(good)) / sum(rate(all))                 | .99  |      | false | .01",
                "100 - 100 * (sum(rate(good)) / sum(rate(all)))       | 95   |      | false | .05",
                "-(sum(rate(good)) / sum(rate(all))) + 1              |      | .01  | true  | .01",
                "sum by () (rate(good)) / sum(rate(all)) / 0.01 # why | 99   |      | true  | .01"
            })
    void aRatioOfSums(String shape, Double min, Double max, boolean good, double allowed) {
        var query = shape.replace("good", "http_requests_total{app=\"shop\",status!~\"5.*\"}[1m]")
                .replace("all", "http_requests_total{app='shop'}[1m]");

        assertThat(CountableReader.read(query, new Bounds(Optional.ofNullable(min), Optional.ofNullable(max))))
                .isInstanceOfSatisfying(Ratio.class, ratio -> {
                    assertThat(ratio.good()).isEqualTo(good);
                    assertThat(ratio.allowed()).isCloseTo(allowed, within(1e-12));
                    assertThat(ratio.total())
                            .isEqualTo(new Selector(
                                    "http_requests_total", List.of(new Matcher("app", Operator.EQUAL, "shop"))));
                    assertThat(ratio.part().matchers())
                            .containsExactly(
                                    new Matcher("app", Operator.EQUAL, "shop"),
                                    new Matcher("status", Operator.NO_MATCH, "5.*"));
                });
    }

    @Test
    void aQuantileOfAHistogram() {
        var buckets = new Selector("took_seconds_bucket", List.of(new Matcher("app", Operator.EQUAL, "shop")));
        var sum = "sum(rate(took_seconds_bucket{app=\"shop\"}[20s])) by (le)";

        assertThat(CountableReader.read("histogram_quantile(0.99, %s) * 1000".formatted(sum), AT_MOST_500))
                .isInstanceOfSatisfying(Above.class, above -> {
                    assertThat(above.buckets()).isEqualTo(buckets);
                    assertThat(above.bound()).isEqualTo(.5);
                    assertThat(above.allowed()).isCloseTo(.01, within(1e-12));
                });
        assertThat(CountableReader.read(
                        "histogram_quantile(0.5, sum by (le) (rate(took_seconds_bucket{app=\"shop\"}[20s])))",
                        AT_MOST_500))
                .isEqualTo(new Above(buckets, 500, .5));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "1",
                "up",
                "sum(rate(a[1m]))",
                "rate(a{x=\"1\"}[1m]) / rate(a[1m])",
                "sum(rate(a{x=\"1\"}[1m])) / sum(rate(b[1m])) * 100",
                "sum(rate(a[1m])) / sum(rate(a{x=\"1\"}[1m])) * 100",
                "sum(rate(a{x=\"1\"}[1m])) / sum(rate(a{y=\"2\"}[1m])) * 100",
                "sum(rate(a{x=\"1\"}[1m])) / sum(rate(a[5m])) * 100",
                "sum(rate(a{x=\"1\"}[1m])) / sum(increase(a[1m])) * 100",
                "sum(irate(a{x=\"1\"}[1m])) / sum(irate(a[1m])) * 100",
                "sum(rate(a{x=\"1\"}[1m] offset 1m)) / sum(rate(a[1m])) * 100",
                "sum(rate(a{x=\"1\"}[1m] @ 5)) / sum(rate(a[1m])) * 100",
                "sum(rate(a{x=\"1\"}[1m])) by (y) / sum(rate(a[1m])) by (y) * 100",
                "avg(rate(a{x=\"1\"}[1m])) / avg(rate(a[1m])) * 100",
                "sum(rate(a{x=\"1\"}[1m])) / ignoring(x) sum(rate(a[1m])) * 100",
                "sum(rate(a{x=\"1\"}[1m])) / sum(rate(a[1m])) * 100 or vector(0)",
                "sum(rate(a{x=\"1\"}[1m])) / sum(rate(a[1m])) * 100 > 5",
                "sum(rate(a{x=\"1\"}[1m])) / sum(rate(a[1m])) * sum(rate(a[1m]))",
                "sum(rate(a{x=\"1\"}[1m])) / sum(rate(a[1m])) ^ 2",
                "sum(rate(a{x=\"1\"}[1m])) / (sum(rate(a[1m])) + 1) * 100",
                "sum(rate(a{x=\"1\"}[1m])) / sum(rate(a[1m])) * 0",
                "sum(rate(a{x=\"1\"}[1m])) / sum(rate(a[1m])) / 0",
                "sum(rate(a{x=\"1\"}[5m:1m])) / sum(rate(a[5m:1m])) * 100",
                "clamp_max(sum(rate(a{x=\"1\"}[1m])) / sum(rate(a[1m])), 1) * 100",
                "histogram_quantile(0.99, sum(rate(a_bucket[1m])) by (le))",
                "sum(rate(a{x=~\"(\"}[1m])) / sum(rate(a[1m])) * 100",
                "sum(rate(a{x=\"1\"}[1m])) / sum(rate(a[1m]) * 100",
                "sum(rate(a{x=\"1}[1m])) / sum(rate(a[1m])) * 100",
                "sum(rate(a{x=\"1\"}[1m])) / sum(rate(a[1m])) * 100 100",
                "sum(rate(a{x=\"1\"}[1m])) / sum(rate(a[1m])) * 0100",
                "sum(rate(a{x=~\"[[:alpha:]]+\"}[1m])) / sum(rate(a[1m])) * 100",
                "sum(rate(a{x=~\"[a-z&&[^b]]\"}[1m])) / sum(rate(a[1m])) * 100",
                "sum(rate(a{x=~\"(?i)get\"}[1m])) / sum(rate(a[1m])) * 100",
                "sum(rate(a{x=~\"a$.*\"}[1m])) / sum(rate(a[1m])) * 100",
                "sum(rate(a{x=\"\\xc3\\xa9\"}[1m])) / sum(rate(a[1m])) * 100",
                "sum(rate(a{x=\"\\'\"}[1m])) / sum(rate(a[1m])) * 100",
                "sum(rate(a{x=\"\n\"}[1m])) / sum(rate(a[1m])) * 100",
                "sum(rate(took_seconds_sum{x=\"1\"}[1m])) / sum(rate(took_seconds_sum[1m])) * 100",
                "sum(rate(took_seconds_bucket{le=\"0.5\"}[1m])) / sum(rate(took_seconds_bucket[1m])) * 100",
                "sum(rate(cpu_seconds_total{mode=\"idle\"}[1m])) / sum(rate(cpu_seconds_total[1m])) * 100",
                "sum(rate(sent_bytes_total{x=\"1\"}[1m])) / sum(rate(sent_bytes_total[1m])) * 100",
                "💥"
            })
    void whateverElseItIsItsValueAloneIsChecked(String query) {
        assertThat(CountableReader.read(query, AT_LEAST_99))
                .isInstanceOfSatisfying(
                        ThresholdOnly.class, why -> assertThat(why.reason()).isNotBlank());
    }

    /// Prometheus goes on behind a carriage return.
    @Test
    void aCommentEndsAtTheLinesEnd() throws SyntaxException {
        assertThat(Parser.read("1 # one\r * 100")).isEqualTo(of("*", one(1), one(100)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"5..", "5.*", "GET|PUT", "shop-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)", "(?:a|b)\\\\.c", "^2\\\\d{2}$"})
    void patternsAsTeamsWriteThemAreUnderstood(String pattern) {
        assertThat(CountableReader.read(
                        "sum(rate(a{x!~\"%s\"}[1m])) / sum(rate(a[1m])) * 100".formatted(pattern), AT_LEAST_99))
                .isInstanceOf(Ratio.class);
    }

    @Test
    void boundsThatSayNothingOrTooMuch() {
        var query = "sum(rate(a{x=\"1\"}[1m])) / sum(rate(a[1m])) * 100";
        assertThat(CountableReader.read(query, new Bounds(Optional.of(0.0), Optional.of(100.0))))
                .isEqualTo(new ThresholdOnly("its bounds always hold"));
        assertThat(CountableReader.read(query, new Bounds(Optional.of(10.0), Optional.of(90.0))))
                .isEqualTo(new ThresholdOnly("it is bounded on both sides"));
        assertThat(CountableReader.read(query, new Bounds(Optional.of(100.0), Optional.empty())))
                .isEqualTo(new ThresholdOnly("its bound allows no failure at all, or every one"));
    }

    @Test
    void operatorsBindAsPublished() throws SyntaxException {
        assertThat(Parser.read("1 + 2 * 3 ^ 2 ^ 2"))
                .isEqualTo(of("+", one(1), of("*", one(2), of("^", one(3), of("^", one(2), one(2))))));
        assertThat(Parser.read("-1 ^ 2")).isEqualTo(new Negation(of("^", one(1), one(2))));
        assertThat(Parser.read("-1 * 2")).isEqualTo(of("*", new Negation(one(1)), one(2)));
        assertThat(Parser.read("8 / 4 / 2")).isEqualTo(of("/", of("/", one(8), one(4)), one(2)));
        assertThat(Parser.read("1 or 2 and 3 == 4 atan2 5"))
                .isEqualTo(of("or", one(1), of("and", one(2), of("==", one(3), of("atan2", one(4), one(5))))));
        assertThat(Parser.read("0x1F")).isEqualTo(one(31));
        assertThat(Parser.read("1.5e-3")).isEqualTo(one(.0015));
    }

    @Test
    void aSelectorMatchesAsPrometheusDoes() {
        var selector = new Selector(
                "a",
                List.of(
                        new Matcher("status", Operator.NO_MATCH, "5.*"),
                        new Matcher("app", Operator.MATCH, "shop|cart"),
                        new Matcher("pod", Operator.EQUAL, "x"),
                        new Matcher("gone", Operator.EQUAL, "")));
        assertThat(selector.matches("a", Map.of("status", "200", "app", "cart"), Set.of("pod")))
                .isTrue();
        assertThat(selector.matches("a", Map.of("status", "200", "app", "cart"), Set.of()))
                .isFalse();
        assertThat(selector.matches("a", Map.of("status", "503", "app", "cart"), Set.of("pod")))
                .isFalse();
        assertThat(selector.matches("a", Map.of("app", "shopping"), Set.of("pod")))
                .isFalse();
        assertThat(selector.matches("b", Map.of("app", "shop"), Set.of("pod"))).isFalse();
    }

    /// Pieces of queries in any order: an answer each time, never an exception.
    @Test
    void whateverIsAskedThereIsAnAnswer() {
        var pieces = List.of(
                "sum",
                "(",
                ")",
                "rate",
                "a_bucket",
                "{",
                "}",
                "x=\"1\"",
                "[1m]",
                "[5m:]",
                "/",
                "*",
                "100",
                "1e",
                "by",
                "(le)",
                "histogram_quantile",
                "0.99",
                ",",
                "-",
                "^",
                "offset",
                "5m",
                "@",
                "or",
                "'",
                "\"",
                "\\",
                "#",
                " ",
                "on",
                "bool",
                "==",
                "{\"a.b\"}",
                ":",
                "inf");
        var random = new Random(20261124);
        for (int tries = 0; tries < 50_000; tries++) {
            var query = new StringBuilder();
            for (int length = random.nextInt(20); length >= 0; length--) {
                query.append(pieces.get(random.nextInt(pieces.size())));
            }
            assertThat(CountableReader.read(query.toString(), AT_LEAST_99)).isNotNull();
        }
        assertThat(CountableReader.read("(".repeat(100_000), AT_LEAST_99)).isInstanceOf(ThresholdOnly.class);
        var deep = "a{x=~\"%s%s\"}".formatted("(".repeat(50_000), ")".repeat(50_000));
        assertThat(CountableReader.read(deep, AT_LEAST_99)).isInstanceOf(ThresholdOnly.class);
        assertThat(CountableReader.read("-".repeat(100_000) + "1", AT_LEAST_99)).isInstanceOf(ThresholdOnly.class);
    }

    private static Expression of(String operator, Expression left, Expression right) {
        return new Binary(operator, left, right, true);
    }

    private static Expression one(double value) {
        return new Constant(value);
    }
}
