package dev.aviary.analyzer.metric;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.aviary.events.Measurement;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/// What an answer of Prometheus' query API means.
final class PrometheusAnswer {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int LONGEST_WORDS = 300;

    private PrometheusAnswer() {}

    static Measurement read(int status, String body, boolean lastOfSeveralWins) {
        var json = json(body);
        if (status == 200) {
            return json.filter(answer -> answer.path("status").asText().equals("success"))
                    .map(answer -> result(answer.path("data"), lastOfSeveralWins))
                    .orElseGet(() ->
                            new Measurement.Unreachable("the answer isn't one of Prometheus: " + shortened(body)));
        }
        var words =
                "%d %s".formatted(status, json.flatMap(PrometheusAnswer::error).orElseGet(() -> shortened(body)));
        return status < 500 && status != 429
                ? new Measurement.Refused(words.strip())
                : new Measurement.Unreachable(words.strip());
    }

    /// @param body of a query for a range
    static RawSamples raw(int status, String body) {
        var data = json(body)
                .filter(answer ->
                        status == 200 && answer.path("status").asText().equals("success"))
                .map(answer -> answer.path("data"))
                .filter(result -> result.path("resultType").asText().equals("matrix"));
        if (data.isEmpty()) {
            return new RawSamples.None("Prometheus answers %d %s".formatted(status, shortened(body)));
        }
        var all = new ArrayList<RawSamples.Series>();
        for (var series : data.get().path("result")) {
            var labels = new TreeMap<String, String>();
            series.path("metric")
                    .properties()
                    .forEach(
                            label -> labels.put(label.getKey(), label.getValue().asText()));
            var name = Objects.requireNonNullElse(labels.remove("__name__"), "");
            var points = new ArrayList<RawSamples.Point>();
            for (var point : series.path("values")) {
                if (number(point.path(1).asText()) instanceof Measurement.Value(double value)) {
                    points.add(new RawSamples.Point(Math.round(point.path(0).asDouble() * 1000), value));
                }
            }
            all.add(new RawSamples.Series(name, labels, List.copyOf(points)));
        }
        return new RawSamples.Stored(List.copyOf(all));
    }

    private static Measurement result(JsonNode data, boolean lastOfSeveralWins) {
        var result = data.path("result");
        return switch (data.path("resultType").asText()) {
            case "scalar" -> number(result.path(1).asText());
            case "vector" ->
                switch (result.size()) {
                    case 0 -> new Measurement.NoData();
                    case 1 -> number(result.path(0).path("value").path(1).asText());
                    default ->
                        lastOfSeveralWins
                                ? number(result.path(result.size() - 1)
                                        .path("value")
                                        .path(1)
                                        .asText())
                                : new Measurement.SeveralSeries(result.size());
                };
            case "matrix" ->
                new Measurement.Refused(
                        "the query gives a range of values where one number is wanted; take the [...] at its end away");
            case "string" -> new Measurement.Refused("the query gives a string where a number is wanted");
            default -> new Measurement.Unreachable("the answer has no result: " + shortened(data.toString()));
        };
    }

    private static Measurement number(String text) {
        return switch (text) {
            case "NaN", "+Inf", "-Inf" -> new Measurement.NotANumber(text);
            default -> parsed(text);
        };
    }

    private static Measurement parsed(String text) {
        try {
            return new Measurement.Value(Double.parseDouble(text));
        } catch (NumberFormatException e) {
            return new Measurement.Unreachable(
                    "the answer has '%s' where a number is expected".formatted(shortened(text)));
        }
    }

    private static Optional<String> error(JsonNode answer) {
        return answer.has("error")
                ? Optional.of("%s: %s"
                        .formatted(
                                answer.path("errorType").asText("error"),
                                shortened(answer.path("error").asText())))
                : Optional.empty();
    }

    private static Optional<JsonNode> json(String body) {
        try {
            return Optional.ofNullable(JSON.readTree(body));
        } catch (JsonProcessingException notJson) {
            return Optional.empty();
        }
    }

    private static String shortened(String text) {
        var line = text.replaceAll("\\s+", " ").strip();
        return line.length() <= LONGEST_WORDS ? line : line.substring(0, LONGEST_WORDS) + "...";
    }
}
