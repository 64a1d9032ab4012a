package dev.aviary.analyzer.promql;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.aviary.analyzer.promql.Expression.Aggregation;
import dev.aviary.analyzer.promql.Expression.Binary;
import dev.aviary.analyzer.promql.Expression.Call;
import dev.aviary.analyzer.promql.Expression.Constant;
import dev.aviary.analyzer.promql.Expression.Negation;
import dev.aviary.analyzer.promql.Expression.Range;
import dev.aviary.analyzer.promql.Expression.Series;
import dev.aviary.analyzer.promql.Expression.Subquery;
import dev.aviary.analyzer.promql.Expression.Text;
import dev.aviary.playground.Playground;
import dev.aviary.playground.PlaygroundOptions;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Our parser against Prometheus' own: what both read, they read alike, node by node.
class PrometheusParserIT {
    private static final long SEED = 20261124;
    private static final String SIGNS = "0123(){}[]\"'`\\#\r\n -+*/^:@,=!~.x";
    private static final int QUERIES = 3_000;
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private static Playground playground;

    @BeforeAll
    static void start() throws IOException {
        playground = Playground.start(PlaygroundOptions.full());
    }

    @AfterAll
    static void stop() throws IOException {
        playground.close();
    }

    @Test
    void whatBothReadTheyReadAlike() throws Exception {
        var random = new Random(SEED);
        int alike = 0;
        for (int count = 0; count < QUERIES; count++) {
            var query = vector(random, 4);
            var theirs = theirs(query);
            if (theirs.path("status").asText().equals("error")) {
                continue; // types: a set operator between scalars, labels matched twice
            }
            assertThat(shape(Parser.read(query))).as(query).isEqualTo(shape(theirs.path("data")));
            alike++;
        }
        assertThat(alike).as("seed " + SEED).isGreaterThan(QUERIES / 2);
    }

    /// Characters struck out, doubled and swapped: some of it is PromQL still.
    @Test
    void whatIsBrokenIsNeverReadInAnotherWay() throws Exception {
        var random = new Random(SEED);
        int both = 0;
        for (int count = 0; count < QUERIES; count++) {
            var query = broken(vector(random, 3), random);
            Expression ours;
            try {
                ours = Parser.read(query);
            } catch (SyntaxException _) {
                continue;
            }
            var theirs = theirs(query);
            if (theirs.path("status").asText().equals("success")) {
                assertThat(shape(ours)).as(query).isEqualTo(shape(theirs.path("data")));
                both++;
            }
        }
        assertThat(both).as("seed " + SEED).isGreaterThan(QUERIES / 20);
    }

    private static JsonNode theirs(String query) throws Exception {
        var request = HttpRequest.newBuilder(
                        URI.create(playground.prometheusUrl().toString().replaceAll("/$", "") + "/api/v1/parse_query"))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString("query=" + URLEncoder.encode(query, UTF_8)))
                .build();
        return JSON.readTree(HTTP.send(request, BodyHandlers.ofString()).body());
    }

    private static String shape(Expression ours) {
        return switch (ours) {
            case Constant(double value) -> number(value);
            case Text(String value) -> JSON.valueToTree(value).toString();
            case Series(var selector, boolean shifted) -> series(selector, shifted);
            case Range(var of, String window) -> shape(of) + "[" + millis(window) + "]";
            case Subquery(var of) -> shape(of) + "[:]";
            case Call(String function, var arguments) -> function + shapes(arguments.stream());
            case Aggregation(String operator, var arguments, var by, boolean without) ->
                operator + (without ? " without" : " by " + by.orElse(List.of())) + shapes(arguments.stream());
            case Negation(var of) -> negated(shape(of));
            case Binary(String operator, var left, var right, boolean plain) ->
                "(%s %s%s %s)".formatted(shape(left), operator, plain ? "" : "…", shape(right));
        };
    }

    private static String shapes(Stream<Expression> of) {
        return of.map(PrometheusParserIT::shape).collect(joining(", ", "(", ")"));
    }

    private static String series(Selector selector, boolean shifted) {
        var matchers = selector.matchers().stream()
                .map(matcher -> matcher.label()
                        + switch (matcher.operator()) {
                            case EQUAL -> "=";
                            case NOT_EQUAL -> "!=";
                            case MATCH -> "=~";
                            case NO_MATCH -> "!~";
                        }
                        + JSON.valueToTree(matcher.value()));
        return selector.metric() + matchers.collect(joining(",", "{", "}")) + (shifted ? "~" : "");
    }

    private static String shape(JsonNode theirs) {
        return switch (theirs.path("type").asText()) {
            case "parenExpr" -> shape(theirs.path("expr"));
            case "numberLiteral" ->
                number(Double.parseDouble(theirs.path("val").asText().replace("Inf", "Infinity")));
            case "stringLiteral" -> theirs.path("val").toString();
            case "vectorSelector" -> series(theirs);
            case "matrixSelector" -> series(theirs) + "[" + theirs.path("range").asLong() + "]";
            case "subquery" -> shape(theirs.path("expr")) + "[:]";
            case "call" ->
                theirs.path("func").path("name").asText()
                        + elements(theirs.path("args"))
                                .map(PrometheusParserIT::shape)
                                .collect(joining(", ", "(", ")"));
            case "aggregation" ->
                theirs.path("op").asText()
                        + (theirs.path("without").asBoolean()
                                ? " without"
                                : " by "
                                        + elements(theirs.path("grouping"))
                                                .map(JsonNode::asText)
                                                .toList())
                        + Stream.of(theirs.path("param"), theirs.path("expr"))
                                .filter(JsonNode::isObject)
                                .map(PrometheusParserIT::shape)
                                .collect(joining(", ", "(", ")"));
            case "unaryExpr" ->
                theirs.path("op").asText().equals("-")
                        ? negated(shape(theirs.path("expr")))
                        : shape(theirs.path("expr"));
            case "binaryExpr" ->
                "(%s %s%s %s)"
                        .formatted(
                                shape(theirs.path("lhs")),
                                theirs.path("op").asText(),
                                plain(theirs) ? "" : "…",
                                shape(theirs.path("rhs")));
            default -> throw new AssertionError(theirs.toString());
        };
    }

    private static String series(JsonNode theirs) {
        var named = elements(theirs.path("matchers"))
                .filter(matcher -> isName(matcher))
                .map(matcher -> matcher.path("value").asText())
                .collect(joining());
        var matchers = elements(theirs.path("matchers"))
                .filter(matcher -> !isName(matcher))
                .map(matcher ->
                        matcher.path("name").asText() + matcher.path("type").asText() + matcher.path("value"));
        boolean shifted = theirs.path("offset").asLong() != 0
                || !theirs.path("timestamp").isNull()
                || !theirs.path("startOrEnd").isNull();
        return named + matchers.collect(joining(",", "{", "}")) + (shifted ? "~" : "");
    }

    private static boolean isName(JsonNode matcher) {
        return matcher.path("name").asText().equals("__name__")
                && matcher.path("type").asText().equals("=");
    }

    private static boolean plain(JsonNode binary) {
        var matching = binary.path("matching");
        return !binary.path("bool").asBoolean()
                && !matching.path("on").asBoolean()
                && matching.path("labels").isEmpty()
                && !matching.path("card").asText().matches("many-to-one|one-to-many");
    }

    private static Stream<JsonNode> elements(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false);
    }

    /// Prometheus takes a sign into a number, we don't.
    private static String negated(String shape) {
        return shape.startsWith("#") ? number(-Double.parseDouble(shape.substring(1))) : "-" + shape;
    }

    private static String number(double value) {
        return "#" + value;
    }

    private static long millis(String window) {
        if (window.matches("[0-9.]+")) {
            return Math.round(Double.parseDouble(window) * 1000);
        }
        long sum = 0;
        var part = java.util.regex.Pattern.compile("([0-9]+)(ms|[smhdwy])").matcher(window);
        while (part.find()) {
            sum += Long.parseLong(part.group(1))
                    * switch (part.group(2)) {
                        case "ms" -> 1L;
                        case "s" -> 1_000L;
                        case "m" -> 60_000L;
                        case "h" -> 3_600_000L;
                        case "d" -> 86_400_000L;
                        case "w" -> 604_800_000L;
                        default -> 31_536_000_000L;
                    };
        }
        return sum;
    }

    private static String vector(Random random, int depth) {
        if (depth == 0) {
            return selector(random);
        }
        int less = depth - 1;
        return switch (random.nextInt(10)) {
            case 0 -> selector(random) + one(random, " offset 5m", " offset -1h30m", " @ 1700000000", " @ end()", "");
            case 1 -> one(random, "-", "+") + vector(random, less);
            case 2 -> "(" + vector(random, less) + ")";
            case 3 -> one(random, "rate", "increase", "irate") + "(" + range(random, less) + ")";
            case 4 ->
                one(random, "sum", "avg", "MAX") + one(random, "", " by (le)", " without (x, y) ", " by ()") + "("
                        + vector(random, less) + ")";
            case 5 ->
                one(random, "sum", "topk(2, ", "quantile(.5,").replaceAll("^sum$", "count(") + vector(random, less)
                        + ")" + one(random, "", " by (le,)", " without(job)");
            case 6 -> "histogram_quantile(0.99, " + vector(random, less) + ")";
            case 7 ->
                scalar(random)
                        + one(random, " * ", "/", " + ", " - ", "%", " ^ ", " atan2 ", " > ")
                        + vector(random, less);
            default ->
                vector(random, less)
                        + one(
                                random,
                                " * ",
                                "/",
                                "+",
                                " - ",
                                " % ",
                                "^",
                                " atan2 ",
                                " == ",
                                " != ",
                                " >= bool ",
                                "<",
                                " and ",
                                " or ",
                                " unless ",
                                " / on (x) group_left (y) ",
                                " - ignoring(x) ",
                                " # and\n / ")
                        + vector(random, less);
        };
    }

    private static String range(Random random, int depth) {
        return random.nextInt(4) == 0
                ? "(" + vector(random, depth) + ")[1h:" + one(random, "", "1m") + "]"
                : selector(random) + one(random, "[1m]", "[1m30s]", "[ 250ms ]", "[60]", "[5m] offset 1w");
    }

    private static String scalar(Random random) {
        return one(random, "1", "100", ".5", "1e-3", "0x1F", "Inf", "-2", "1.", "+3", "2 ^ -1 ^ 2", "-(1 - 2) * 3");
    }

    private static String selector(Random random) {
        return one(
                random,
                "a",
                "a:b",
                "took_bucket{x=\"1\"}",
                "a{x=~'5..',y!=`\\d`,}",
                "{\"a.b\",\"x.y\"!~\"5.*\"}",
                "{__name__=\"c\"}",
                "a{x=\"\\\"\\n\\u00e9 # {\"}",
                "by",
                "sum_total{on='é'}",
                "offset_total");
    }

    private static String one(Random random, String... of) {
        return of[random.nextInt(of.length)];
    }

    private static String broken(String query, Random random) {
        var text = new StringBuilder(query);
        for (int times = 1 + random.nextInt(2); times > 0 && text.length() > 1; times--) {
            int at = random.nextInt(text.length() - 1);
            switch (random.nextInt(3)) {
                case 0 -> text.deleteCharAt(at);
                case 1 -> text.insert(at, text.charAt(random.nextInt(text.length())));
                default -> text.setCharAt(at, SIGNS.charAt(random.nextInt(SIGNS.length())));
            }
        }
        return text.toString();
    }
}
