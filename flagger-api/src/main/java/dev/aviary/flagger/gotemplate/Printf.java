package dev.aviary.flagger.gotemplate;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Go's `printf` for what a query holds: `%s %q %d %x %f %e %g %t %c %v %%`, with flags, width and precision. Where Go
/// prints `%!d(string=a)` into the text, it is refused instead.
///
/// @see <a href="https://pkg.go.dev/fmt">Go: fmt</a>
final class Printf {
    private static final Pattern VERB = Pattern.compile("%([-+# 0]*)(\\d{1,4})?(?:\\.(\\d{0,4}))?(.)?", Pattern.DOTALL);

    private Printf() {}

    static String format(List<Object> arguments) throws TemplateException {
        if (arguments.isEmpty() || !(arguments.getFirst() instanceof String format)) {
            throw new TemplateException("printf wants a format first");
        }
        var out = new StringBuilder();
        int next = 1;
        int last = 0;
        for (var verb = VERB.matcher(format); verb.find(); ) {
            out.append(format, last, verb.start());
            last = verb.end();
            if ("%".equals(verb.group(4))) {
                out.append('%');
                continue;
            }
            if (next >= arguments.size()) {
                throw new TemplateException("printf \"%s\" wants more arguments".formatted(format));
            }
            out.append(padded(verb, one(verb, arguments.get(next++))));
        }
        if (next < arguments.size()) {
            throw new TemplateException("printf \"%s\" wants fewer arguments".formatted(format));
        }
        return out.append(format, last, format.length()).toString();
    }

    private static String one(Matcher verb, Object value) throws TemplateException {
        var letter = verb.group(4) == null ? "" : verb.group(4);
        var given = verb.group(3);
        int precision = given == null ? -1 : given.isEmpty() ? 0 : Integer.parseInt(given);
        return switch (letter) {
            case "v" -> Values.shown(value);
            case "s" -> {
                if (!(value instanceof String text)) {
                    throw wrong(letter, value);
                }
                yield precision >= 0 && precision < text.length() ? text.substring(0, precision) : text;
            }
            case "q" -> {
                if (!(value instanceof String text)) {
                    throw wrong(letter, value);
                }
                yield "\""
                        + text.replace("\\", "\\\\")
                                .replace("\"", "\\\"")
                                .replace("\n", "\\n")
                                .replace("\t", "\\t") + "\"";
            }
            case "d" -> signed(verb, Long.toString(whole(letter, value)));
            case "x" ->
                value instanceof String text
                        ? java.util.HexFormat.of().formatHex(text.getBytes(java.nio.charset.StandardCharsets.UTF_8))
                        : Long.toHexString(whole(letter, value));
            case "c" -> Character.toString(Math.toIntExact(whole(letter, value)));
            case "t" -> {
                if (!(value instanceof Boolean)) {
                    throw wrong(letter, value);
                }
                yield value.toString();
            }
            case "f", "F" ->
                signed(
                        verb,
                        new BigDecimal(fraction(letter, value))
                                .setScale(precision < 0 ? 6 : precision, RoundingMode.HALF_EVEN)
                                .toPlainString());
            case "g" ->
                signed(
                        verb,
                        Values.general(
                                precision < 0
                                        ? fraction(letter, value)
                                        : new BigDecimal(fraction(letter, value))
                                                .round(new java.math.MathContext(Math.max(1, precision)))
                                                .doubleValue()));
            case "e" ->
                signed(
                        verb,
                        String.format(
                                java.util.Locale.ROOT,
                                "%." + (precision < 0 ? 6 : precision) + "e",
                                fraction(letter, value)));
            default -> throw new TemplateException("printf: %%%s isn't supported in queries".formatted(letter));
        };
    }

    private static long whole(String letter, Object value) throws TemplateException {
        if (value instanceof Long number) {
            return number;
        }
        throw wrong(letter, value);
    }

    private static double fraction(String letter, Object value) throws TemplateException {
        if (value instanceof Double number && Double.isFinite(number)) {
            return number;
        }
        throw wrong(letter, value);
    }

    private static TemplateException wrong(String letter, Object value) {
        return new TemplateException("printf: %%%s of %s".formatted(letter, Values.type(value)));
    }

    private static String signed(Matcher verb, String number) {
        if (number.startsWith("-")) {
            return number;
        }
        return verb.group(1).contains("+") ? "+" + number : verb.group(1).contains(" ") ? " " + number : number;
    }

    private static String padded(Matcher verb, String text) {
        int width = verb.group(2) == null ? 0 : Integer.parseInt(verb.group(2));
        int missing = width - text.codePointCount(0, text.length());
        if (missing <= 0) {
            return text;
        }
        if (verb.group(1).contains("-")) {
            return text + " ".repeat(missing);
        }
        boolean zeros = verb.group(1).contains("0") && "dfFeg".contains(verb.group(4));
        int sign = zeros && (text.startsWith("-") || text.startsWith("+")) ? 1 : 0;
        return text.substring(0, sign) + (zeros ? "0" : " ").repeat(missing) + text.substring(sign);
    }
}
