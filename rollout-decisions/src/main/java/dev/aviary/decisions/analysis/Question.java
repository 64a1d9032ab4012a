package dev.aviary.decisions.analysis;

import dev.aviary.events.MetricSpec;
import dev.aviary.events.MetricSpec.Source;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What is asked at a look, as a hash: a measurement that answers something else doesn't count.
final class Question {
    private Question() {}

    /// @return 16 hexadecimal digits
    static String of(List<MetricSpec> metrics) {
        var text =
                metrics.stream().flatMap(Question::parts).map(Question::counted).collect(Collectors.joining());
        return HexFormat.of().formatHex(sha256(text), 0, 8);
    }

    private static Stream<String> parts(MetricSpec metric) {
        var bounds = Stream.of(metric.bounds().min(), metric.bounds().max())
                .map(bound -> bound.map(Object::toString).orElse(""));
        return Stream.concat(Stream.of(metric.name(), metric.window()), Stream.concat(bounds, parts(metric.source())));
    }

    private static Stream<String> parts(Source source) {
        return switch (source) {
            case MetricSpec.BuiltIn() -> Stream.of("built-in");
            case MetricSpec.Query(var promql) -> Stream.of("query", promql);
            case MetricSpec.Template(var namespace, var name, var type, var query) ->
                Stream.of("template", namespace, name, type, query);
        };
    }

    /// With its length, so that no two lists of parts give the same text.
    private static String counted(String part) {
        return part.length() + ":" + part;
    }

    private static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException everyJdkHasIt) {
            throw new IllegalStateException(everyJdkHasIt);
        }
    }
}
