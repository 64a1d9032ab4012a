package dev.aviary.analyzer.count;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/// Reads what pods answer at `/metrics`, as Prometheus text 0.0.4 or OpenMetrics 1.0. Our own, since the client library
/// writes these formats only, and the readers that there are in Java keep every family: here a name that nobody asks
/// for costs a glance at its line.
///
/// A series' labels are read once: at the next look its line is known by its bytes.
///
/// A line that makes no sense is left out, and so is the last one if it has no line feed: a number that was cut off
/// would look like a counter that fell.
///
/// @see <a href="https://prometheus.io/docs/instrumenting/exposition_formats/">Prometheus: exposition formats</a>
/// @see <a href="https://prometheus.io/docs/specs/om/open_metrics_spec/">OpenMetrics 1.0</a>
final class Exposition {
    /// More come and go: then they are read anew.
    private static final int MOST_KNOWN = 50_000;

    private final byte[][] names;
    private final Map<Head, Series> known = new ConcurrentHashMap<>();

    /// @param names of the samples that are wanted, each with its `_total`, `_bucket` or `_count`
    Exposition(Collection<String> names) {
        this.names = names.stream()
                .distinct()
                .map(name -> name.getBytes(StandardCharsets.UTF_8))
                .toArray(byte[][]::new);
    }

    /// Hands over the samples of the wanted names, in their order. Never throws by itself.
    ///
    /// @param body UTF-8
    void read(byte[] body, Consumer<Sample> to) {
        int from = 0;
        for (int at = 0; at < body.length; at++) {
            if (body[at] == '\n') {
                new Line(body, from, at).sample().ifPresent(to);
                from = at + 1;
            }
        }
    }

    /// A line up to its value: name and labels.
    private static final class Head {
        private final byte[] body;
        private final int from;
        private final int to;
        private final int hash;

        Head(byte[] body, int from, int to) {
            this.body = body;
            this.from = from;
            this.to = to;
            int hash = 1;
            for (int at = from; at < to; at++) {
                hash = 31 * hash + body[at];
            }
            this.hash = hash;
        }

        /// Keeps no whole answer in memory.
        Head copy() {
            return new Head(Arrays.copyOfRange(body, from, to), 0, to - from);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Head head && Arrays.equals(body, from, to, head.body, head.from, head.to);
        }

        @Override
        public int hashCode() {
            return hash;
        }
    }

    private final class Line {
        private final byte[] body;
        private final int end;
        private int at;

        Line(byte[] body, int from, int end) {
            this.body = body;
            this.at = from;
            this.end = end > from && body[end - 1] == '\r' ? end - 1 : end;
        }

        Optional<Sample> sample() {
            skipBlanks();
            if (at == end || body[at] == '#') {
                return Optional.empty();
            }
            int from = at;
            while (at < end && body[at] != '{' && !isBlank(body[at])) {
                at++;
            }
            int nameEnd = at;
            if (nameEnd > from && !isWanted(body, from, nameEnd)) {
                return Optional.empty();
            }
            var head = new Head(body, from, headEnd(nameEnd));
            var series = known.get(head);
            if (series != null) {
                at = head.to;
                return valued(series);
            }
            return parsed(from, nameEnd, head).flatMap(this::valued);
        }

        private int headEnd(int nameEnd) {
            int next = nameEnd;
            while (next < end && isBlank(body[next])) {
                next++;
            }
            if (next == end || body[next] != '{') {
                return nameEnd;
            }
            boolean isQuoted = false;
            for (; next < end; next++) {
                if (body[next] == '"') {
                    isQuoted = !isQuoted;
                } else if (body[next] == '\\' && isQuoted) {
                    next++;
                } else if (body[next] == '}' && !isQuoted) {
                    return next + 1;
                }
            }
            return end;
        }

        private Optional<Series> parsed(int from, int nameEnd, Head head) {
            skipBlanks();
            var labels = new TreeMap<String, String>();
            var quoted = new StringBuilder();
            boolean hasLabels = at < end && body[at] == '{';
            if (hasLabels && !labels(labels, quoted)) {
                return Optional.empty();
            }
            boolean isWhole = !hasLabels || at == head.to;
            return named(from, nameEnd, quoted).map(name -> {
                var series = new Series(name, labels);
                if (isWhole) {
                    keep(head, series);
                }
                return series;
            });
        }

        /// A name of other letters than `[a-zA-Z0-9_:]` stands in quotes among the labels.
        private Optional<String> named(int from, int nameEnd, StringBuilder quoted) {
            if (nameEnd > from) {
                return quoted.isEmpty() ? Optional.of(text(from, nameEnd)) : Optional.empty();
            }
            var name = quoted.toString().getBytes(StandardCharsets.UTF_8);
            return isWanted(name, 0, name.length) ? Optional.of(quoted.toString()) : Optional.empty();
        }

        private Optional<Sample> valued(Series series) {
            var value = number();
            skipBlanks();
            boolean hasTimestamp = at < end && body[at] != '#'; // behind a # is an exemplar
            if (value.isEmpty() || (hasTimestamp && number().isEmpty())) {
                return Optional.empty();
            }
            skipBlanks();
            return at == end || body[at] == '#'
                    ? Optional.of(new Sample(series, value.getAsDouble()))
                    : Optional.empty();
        }

        /// @return false if they make no sense
        private boolean labels(SortedMap<String, String> labels, StringBuilder metric) {
            at++;
            while (true) {
                skipBlanks();
                if (at < end && body[at] == '}') {
                    at++;
                    return true;
                }
                boolean inQuotes = at < end && body[at] == '"';
                var name = inQuotes ? quoted() : Optional.of(bare());
                skipBlanks();
                if (name.isEmpty() || name.get().isEmpty() || at == end) {
                    return false;
                }
                if (body[at] == '=') {
                    at++;
                    skipBlanks();
                    var value = quoted();
                    if (value.isEmpty() || labels.put(name.get(), value.get()) != null) {
                        return false;
                    }
                } else if (inQuotes && metric.isEmpty() && labels.isEmpty()) {
                    metric.append(name.get());
                } else {
                    return false;
                }
                skipBlanks();
                if (at == end || (body[at] != ',' && body[at] != '}')) {
                    return false;
                }
                if (body[at] == ',') {
                    at++;
                }
            }
        }

        private String bare() {
            int from = at;
            while (at < end && isNameLetter(body[at])) {
                at++;
            }
            return text(from, at);
        }

        private Optional<String> quoted() {
            if (at == end || body[at] != '"') {
                return Optional.empty();
            }
            int from = ++at;
            boolean isEscaped = false;
            while (at < end && body[at] != '"') {
                isEscaped |= body[at] == '\\';
                at += body[at] == '\\' ? 2 : 1;
            }
            if (at >= end) {
                at = end;
                return Optional.empty();
            }
            var raw = text(from, at++);
            return Optional.of(isEscaped ? unescaped(raw) : raw);
        }

        private OptionalDouble number() {
            skipBlanks();
            int from = at;
            while (at < end && !isBlank(body[at])) {
                at++;
            }
            return parsed(from, at);
        }

        private OptionalDouble parsed(int from, int to) {
            if (to == from) {
                return OptionalDouble.empty();
            }
            long whole = 0;
            int digit = from;
            int last = to - from > 2 && body[to - 1] == '0' && body[to - 2] == '.' ? to - 2 : to; // as in 12.0
            while (digit < last && last - from <= 15 && body[digit] >= '0' && body[digit] <= '9') {
                whole = whole * 10 + (body[digit++] - '0');
            }
            return digit == last ? OptionalDouble.of((double) whole) : slowly(text(from, to));
        }

        private String text(int from, int to) {
            return new String(body, from, to - from, StandardCharsets.UTF_8);
        }

        private void skipBlanks() {
            while (at < end && isBlank(body[at])) {
                at++;
            }
        }
    }

    private void keep(Head head, Series series) {
        if (known.size() >= MOST_KNOWN) {
            known.clear();
        }
        known.put(head.copy(), series);
    }

    private boolean isWanted(byte[] body, int from, int to) {
        for (var name : names) {
            if (name.length == to - from && Arrays.equals(name, 0, name.length, body, from, to)) {
                return true;
            }
        }
        return false;
    }

    private static OptionalDouble slowly(String text) {
        return switch (text) {
            case "+Inf", "Inf" -> OptionalDouble.of(Double.POSITIVE_INFINITY);
            case "-Inf" -> OptionalDouble.of(Double.NEGATIVE_INFINITY);
            case "NaN" -> OptionalDouble.of(Double.NaN);
            default -> decimal(text);
        };
    }

    /// Java takes more than the formats have: `1d`, `0x1p3`, `Infinity`.
    private static OptionalDouble decimal(String text) {
        for (int i = 0; i < text.length(); i++) {
            if ("0123456789+-.eE".indexOf(text.charAt(i)) < 0) {
                return OptionalDouble.empty();
            }
        }
        try {
            return OptionalDouble.of(Double.parseDouble(text));
        } catch (NumberFormatException notOne) {
            return OptionalDouble.empty();
        }
    }

    /// A backslash before anything else is itself.
    private static String unescaped(String raw) {
        var text = new StringBuilder(raw.length());
        for (int i = 0; i < raw.length(); i++) {
            char next = i + 1 < raw.length() ? raw.charAt(i + 1) : 0;
            if (raw.charAt(i) == '\\' && (next == '\\' || next == '"' || next == 'n')) {
                text.append(next == 'n' ? '\n' : next);
                i++;
            } else {
                text.append(raw.charAt(i));
            }
        }
        return text.toString();
    }

    private static boolean isBlank(byte letter) {
        return letter == ' ' || letter == '\t';
    }

    private static boolean isNameLetter(byte letter) {
        return (letter >= 'a' && letter <= 'z')
                || (letter >= 'A' && letter <= 'Z')
                || (letter >= '0' && letter <= '9')
                || letter == '_'
                || letter == ':'
                || letter == '.';
    }
}
