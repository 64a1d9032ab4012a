package dev.aviary.flagger.gotemplate;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// What text/template brings along. `and` and `or` are evaluated where they stand, since they may stop early.
///
/// @see <a href="https://pkg.go.dev/text/template#hdr-Functions">Go: text/template, functions</a>
final class Functions {
    static final Set<String> NAMES = Set.of(
            "and",
            "or",
            "not",
            "eq",
            "ne",
            "lt",
            "le",
            "gt",
            "ge",
            "len",
            "index",
            "slice",
            "print",
            "printf",
            "println",
            "html",
            "js",
            "urlquery");

    private Functions() {}

    static Object call(String name, List<Object> arguments) throws TemplateException {
        return switch (name) {
            case "not" -> !Values.truth(only(name, arguments));
            case "eq" -> equal(arguments);
            case "ne" -> !same(two(name, arguments).getFirst(), arguments.get(1));
            case "lt" -> order(name, arguments) < 0;
            case "le" -> order(name, arguments) <= 0;
            case "gt" -> order(name, arguments) > 0;
            case "ge" -> order(name, arguments) >= 0;
            case "len" -> length(only(name, arguments));
            case "index" -> index(arguments);
            case "slice" -> slice(arguments);
            case "print" -> print(arguments);
            case "println" -> arguments.stream().map(Values::shown).collect(Collectors.joining(" ")) + "\n";
            case "printf" -> Printf.format(arguments);
            case "html" -> html(print(arguments));
            case "js" -> js(print(arguments));
            case "urlquery" -> URLEncoder.encode(print(arguments), StandardCharsets.UTF_8);
            default -> throw new TemplateException("function \"%s\" isn't supported in queries".formatted(name));
        };
    }

    /// Blanks stand only between operands of which neither is a string.
    private static String print(List<Object> arguments) {
        var printed = new StringBuilder();
        for (int i = 0; i < arguments.size(); i++) {
            if (i > 0 && !(arguments.get(i) instanceof String) && !(arguments.get(i - 1) instanceof String)) {
                printed.append(' ');
            }
            printed.append(Values.shown(arguments.get(i)));
        }
        return printed.toString();
    }

    private static boolean equal(List<Object> arguments) throws TemplateException {
        if (arguments.size() < 2) {
            throw new TemplateException("eq wants at least two arguments");
        }
        for (var other : arguments.subList(1, arguments.size())) {
            if (same(arguments.getFirst(), other)) {
                return true;
            }
        }
        return false;
    }

    private static boolean same(Object one, Object other) throws TemplateException {
        if (one instanceof Values.Nil || other instanceof Values.Nil) {
            return one.equals(other);
        }
        if (!one.getClass().equals(other.getClass()) || one instanceof List || one instanceof Map) {
            throw new TemplateException("%s and %s can't be compared".formatted(Values.type(one), Values.type(other)));
        }
        return one.equals(other);
    }

    private static int order(String name, List<Object> arguments) throws TemplateException {
        var one = two(name, arguments).getFirst();
        var other = arguments.get(1);
        if (one instanceof Long a && other instanceof Long b) {
            return Long.compare(a, b);
        }
        if (one instanceof Double a && other instanceof Double b) {
            return Double.compare(a, b);
        }
        if (one instanceof String a && other instanceof String b) {
            return a.compareTo(b);
        }
        throw new TemplateException("%s and %s have no order".formatted(Values.type(one), Values.type(other)));
    }

    private static long length(Object of) throws TemplateException {
        return switch (of) {
            case String text -> text.getBytes(StandardCharsets.UTF_8).length;
            case List<?> list -> list.size();
            case Map<?, ?> map -> map.size();
            default -> throw new TemplateException("len of " + Values.type(of));
        };
    }

    private static Object index(List<Object> arguments) throws TemplateException {
        if (arguments.isEmpty()) {
            throw new TemplateException("index wants a list or map");
        }
        var found = arguments.getFirst();
        for (var key : arguments.subList(1, arguments.size())) {
            found = element(found, key);
        }
        return found;
    }

    private static Object element(Object of, Object key) throws TemplateException {
        return switch (of) {
            // Go: the zero value, here of a string, where the map has no such key.
            case Map<?, ?> map
            when key instanceof String -> {
                var found = map.get(key);
                yield found == null ? "" : found;
            }
            case List<?> list when key instanceof Long at && at >= 0 && at < list.size() -> list.get(at.intValue());
            case String text
            when key instanceof Long at && at >= 0 && at < text.getBytes(StandardCharsets.UTF_8).length ->
                (long) (text.getBytes(StandardCharsets.UTF_8)[at.intValue()] & 0xff);
            default ->
                throw new TemplateException("index %s of %s isn't there".formatted(Values.shown(key), Values.type(of)));
        };
    }

    private static Object slice(List<Object> arguments) throws TemplateException {
        if (arguments.isEmpty() || arguments.size() > 3) {
            throw new TemplateException("slice wants a string or list and up to two positions");
        }
        var of = arguments.getFirst();
        int length = Math.toIntExact(length(of));
        int from = arguments.size() > 1 ? position(arguments.get(1), length) : 0;
        int to = arguments.size() > 2 ? position(arguments.get(2), length) : length;
        if (from > to) {
            throw new TemplateException("slice from %d to %d".formatted(from, to));
        }
        return switch (of) {
            case String text ->
                new String(text.getBytes(StandardCharsets.UTF_8), from, to - from, StandardCharsets.UTF_8);
            case List<?> list -> List.copyOf(list.subList(from, to));
            default -> throw new TemplateException("slice of " + Values.type(of));
        };
    }

    private static int position(Object at, int length) throws TemplateException {
        if (at instanceof Long position && position >= 0 && position <= length) {
            return position.intValue();
        }
        throw new TemplateException("position %s isn't between 0 and %d".formatted(Values.shown(at), length));
    }

    private static String html(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&#34;")
                .replace("'", "&#39;");
    }

    private static String js(String text) {
        return text.replace("\\", "\\\\")
                .replace("'", "\\'")
                .replace("\"", "\\\"")
                .replace("<", "\\u003C")
                .replace(">", "\\u003E")
                .replace("&", "\\u0026")
                .replace("=", "\\u003D")
                .replace("\n", "\\u000A");
    }

    private static Object only(String name, List<Object> arguments) throws TemplateException {
        if (arguments.size() != 1) {
            throw new TemplateException("%s wants one argument, got %d".formatted(name, arguments.size()));
        }
        return arguments.getFirst();
    }

    private static List<Object> two(String name, List<Object> arguments) throws TemplateException {
        if (arguments.size() != 2) {
            throw new TemplateException("%s wants two arguments, got %d".formatted(name, arguments.size()));
        }
        return arguments;
    }
}
