package dev.aviary.flagger.gotemplate;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// From text to nodes, by recursive descent over the characters themselves: blanks tell `a.b` from `a .b`.
final class Parser {
    private static final Set<String> REFUSED = Set.of("define", "template", "block", "call");

    private final String text;
    private final Set<String> functions;
    private final Deque<Set<String>> scopes = new ArrayDeque<>();
    private int at;
    private int loops;
    private boolean trimNext;

    Parser(String text, Set<String> functions) {
        this.text = text;
        this.functions = functions;
        scopes.push(new HashSet<>(Set.of("$")));
    }

    /// How a list of nodes ended: with the text, or with `end`, `else`, `else if`.
    private enum Ending {
        TEXT,
        END,
        ELSE,
        ELSE_IF,
        ELSE_WITH
    }

    private record Block(List<Node> nodes, Ending ending) {}

    List<Node> parse() throws TemplateException {
        var block = block();
        if (block.ending() != Ending.TEXT) {
            throw problem("unexpected {{%s}}".formatted(block.ending() == Ending.END ? "end" : "else"));
        }
        return block.nodes();
    }

    private Block block() throws TemplateException {
        var nodes = new ArrayList<Node>();
        while (true) {
            int open = text.indexOf("{{", at);
            var plain = text.substring(at, open < 0 ? text.length() : open);
            if (trimNext) {
                plain = plain.stripLeading();
                trimNext = false;
            }
            at = open < 0 ? text.length() : open + 2;
            boolean trim =
                    open >= 0 && text.startsWith("-", at) && at + 1 < text.length() && blank(text.charAt(at + 1));
            if (trim) {
                at++;
                plain = plain.stripTrailing();
            }
            if (!plain.isEmpty()) {
                nodes.add(new Node.Text(plain));
            }
            if (open < 0) {
                return new Block(nodes, Ending.TEXT);
            }
            if (comment()) {
                continue;
            }
            skipBlanks();
            var word = keyword();
            switch (word) {
                case "end" -> {
                    close();
                    return new Block(nodes, Ending.END);
                }
                case "else" -> {
                    return new Block(nodes, otherwise());
                }
                case "if", "with", "range" -> nodes.add(control(word));
                case "break", "continue" -> {
                    if (loops == 0) {
                        throw problem("{{%s}} outside of a range".formatted(word));
                    }
                    close();
                    nodes.add(word.equals("break") ? new Node.Break() : new Node.Continue());
                }
                default -> {
                    var pipeline = pipeline();
                    close();
                    nodes.add(new Node.Action(pipeline));
                }
            }
        }
    }

    private Ending otherwise() throws TemplateException {
        skipBlanks();
        var word = keyword();
        if (word.equals("if") || word.equals("with")) {
            return word.equals("if") ? Ending.ELSE_IF : Ending.ELSE_WITH;
        }
        close();
        return Ending.ELSE;
    }

    private Node control(String word) throws TemplateException {
        scopes.push(new HashSet<>());
        skipBlanks();
        var pipeline = pipeline();
        close();
        loops += word.equals("range") ? 1 : 0;
        var then = block();
        loops -= word.equals("range") ? 1 : 0;
        List<Node> otherwise = switch (then.ending()) {
            case END -> List.of();
            case ELSE_IF -> List.of(control("if"));
            case ELSE_WITH -> List.of(control("with"));
            case ELSE -> {
                var block = block();
                if (block.ending() != Ending.END) {
                    throw problem("{{%s}} without {{end}}".formatted(word));
                }
                yield block.nodes();
            }
            case TEXT -> throw problem("{{%s}} without {{end}}".formatted(word));
        };
        scopes.pop();
        return switch (word) {
            case "if" -> new Node.If(pipeline, then.nodes(), otherwise);
            case "with" -> new Node.With(pipeline, then.nodes(), otherwise);
            default -> new Node.Range(pipeline, then.nodes(), otherwise);
        };
    }

    private Node.Pipeline pipeline() throws TemplateException {
        var variables = new ArrayList<String>();
        boolean declares = false;
        int start = at;
        if (peek() == '$') {
            variables.add(variable());
            skipBlanks();
            if (peek() == ',') {
                at++;
                skipBlanks();
                variables.add(variable());
                skipBlanks();
            }
            declares = text.startsWith(":=", at);
            if (declares || (peek() == '=')) {
                at += declares ? 2 : 1;
                for (var variable : variables) {
                    if (!declares) {
                        known(variable);
                    }
                }
            } else if (variables.size() == 2) {
                throw problem("two variables without :=");
            } else {
                at = start;
                variables.clear();
            }
        }
        var commands = new ArrayList<Node.Command>();
        do {
            commands.add(command());
            skipBlanks();
        } while (take('|'));
        if (declares) {
            java.util.Objects.requireNonNull(scopes.peek()).addAll(variables);
        }
        return new Node.Pipeline(List.copyOf(variables), declares, List.copyOf(commands));
    }

    private Node.Command command() throws TemplateException {
        var operands = new ArrayList<Node.Operand>();
        for (skipBlanks(); !ends(); skipBlanks()) {
            operands.add(operand());
            if (!ends() && !blank(peek())) {
                throw problem("unexpected \"%s\"".formatted(peek()));
            }
        }
        if (operands.isEmpty()) {
            throw problem("nothing between {{ and }}, or before or after |");
        }
        if (operands.size() > 1 && !(operands.getFirst() instanceof Node.Function)) {
            throw problem("arguments are given to something that is no function");
        }
        return new Node.Command(List.copyOf(operands));
    }

    private boolean ends() {
        return at >= text.length()
                || peek() == '|'
                || peek() == ')'
                || text.startsWith("}}", at)
                || (peek() == '-' && text.startsWith("-}}", at) && at > 0 && blank(text.charAt(at - 1)));
    }

    private Node.Operand operand() throws TemplateException {
        var operand = term();
        var fields = new ArrayList<String>();
        while (peek() == '.') {
            at++;
            fields.add(name());
        }
        if (fields.isEmpty()) {
            return operand;
        }
        if (operand instanceof Node.Constant) {
            throw problem("a field of a constant");
        }
        return new Node.Fields(operand, List.copyOf(fields));
    }

    private Node.Operand term() throws TemplateException {
        char first = peek();
        return switch (first) {
            case '"', '\'', '`' -> new Node.Constant(Optional.of(quoted(first)));
            case '$' -> new Node.Variable(known(variable()));
            case '(' -> nested();
            case '.' -> dot();
            default -> Character.isDigit(first) || first == '-' || first == '+' ? number() : word();
        };
    }

    private Node.Operand nested() throws TemplateException {
        at++;
        skipBlanks();
        var nested = pipeline();
        if (!take(')')) {
            throw problem("( without )");
        }
        return new Node.Nested(nested);
    }

    private Node.Operand dot() throws TemplateException {
        char next = at + 1 < text.length() ? text.charAt(at + 1) : 0;
        if (Character.isDigit(next)) {
            return number();
        }
        at += nameStart(next) ? 0 : 1; // a field follows, with the '.' that stands here
        return new Node.Dot();
    }

    private Node.Operand word() throws TemplateException {
        var word = name();
        return switch (word) {
            case "true" -> new Node.Constant(Optional.of(true));
            case "false" -> new Node.Constant(Optional.of(false));
            case "nil" -> new Node.Constant(Optional.empty());
            default -> {
                if (REFUSED.contains(word)) {
                    throw problem("{{%s}} isn't supported in queries".formatted(word));
                }
                if (!functions.contains(word) && !Functions.NAMES.contains(word)) {
                    throw problem("function \"%s\" isn't defined; known: %s"
                            .formatted(word, String.join(", ", new java.util.TreeSet<>(functions))));
                }
                yield new Node.Function(word);
            }
        };
    }

    private Node.Operand number() throws TemplateException {
        int start = at;
        at++;
        while (at < text.length()
                && (Character.isLetterOrDigit(peek())
                        || peek() == '.'
                        || peek() == '_'
                        || ((peek() == '-' || peek() == '+')
                                && "eE".indexOf(text.charAt(at - 1)) >= 0
                                && !text.substring(start, at).contains("x")))) {
            at++;
        }
        var written = text.substring(start, at).replace("_", "");
        try {
            return new Node.Constant(Optional.of(Long.decode(written.replaceFirst("^([-+]?)0o", "$10"))));
        } catch (NumberFormatException _) {
            try {
                if (written.endsWith("d") || written.endsWith("f") || written.endsWith("D") || written.endsWith("F")) {
                    throw new NumberFormatException(written);
                }
                return new Node.Constant(Optional.of(Double.parseDouble(written)));
            } catch (NumberFormatException _) {
                throw problem("bad number \"%s\"".formatted(written));
            }
        }
    }

    private Object quoted(char quote) throws TemplateException {
        var value = new StringBuilder();
        for (at++; at < text.length() && peek() != quote; at++) {
            char next = peek();
            if (next == '\n' && quote != '`') {
                break;
            }
            if (next == '\\' && quote != '`') {
                at++;
                next = escaped(value);
                if (next == 0) {
                    continue;
                }
            }
            value.append(next);
        }
        if (!take(quote)) {
            throw problem("a quote isn't closed");
        }
        if (quote != '\'') {
            return value.toString();
        }
        if (value.codePointCount(0, value.length()) != 1) {
            throw problem("'%s' isn't one character".formatted(value));
        }
        return (long) value.codePointAt(0);
    }

    /// The character that stands behind a backslash; 0 if it has been appended already.
    private char escaped(StringBuilder value) throws TemplateException {
        char kind = peek();
        return switch (kind) {
            case 'n' -> '\n';
            case 't' -> '\t';
            case 'r' -> '\r';
            case 'a' -> '\u0007';
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'v' -> '\u000b';
            case '\\', '"', '\'' -> kind;
            case 'x', 'u', 'U' -> {
                int digits = kind == 'x' ? 2 : kind == 'u' ? 4 : 8;
                try {
                    value.appendCodePoint(Integer.parseInt(text, at + 1, at + 1 + digits, 16));
                } catch (IllegalArgumentException | IndexOutOfBoundsException _) {
                    throw problem("bad escape \\%c".formatted(kind));
                }
                at += digits;
                yield 0;
            }
            default -> throw problem("bad escape \\%c".formatted(kind));
        };
    }

    private String variable() throws TemplateException {
        int start = at;
        if (!take('$')) {
            throw problem("a variable begins with $");
        }
        while (at < text.length() && (nameStart(peek()) || Character.isDigit(peek()))) {
            at++;
        }
        return text.substring(start, at);
    }

    private String known(String variable) throws TemplateException {
        if (scopes.stream().noneMatch(scope -> scope.contains(variable))) {
            throw problem("variable %s isn't defined".formatted(variable));
        }
        return variable;
    }

    private String name() throws TemplateException {
        int start = at;
        while (at < text.length() && (nameStart(peek()) || (at > start && Character.isDigit(peek())))) {
            at++;
        }
        if (start == at) {
            throw problem(at < text.length() ? "unexpected \"%s\"".formatted(peek()) : "{{ without }}");
        }
        return text.substring(start, at);
    }

    /// `if`, `end` and so on, consumed; else empty, and nothing consumed.
    private String keyword() {
        for (var word : List.of("if", "else", "end", "range", "with", "break", "continue")) {
            int after = at + word.length();
            if (text.startsWith(word, at)
                    && (after >= text.length()
                            || !(nameStart(text.charAt(after)) || Character.isDigit(text.charAt(after))))) {
                at = after;
                return word;
            }
        }
        return "";
    }

    private boolean comment() throws TemplateException {
        int start = at;
        skipBlanks();
        if (!text.startsWith("/*", at)) {
            at = start;
            return false;
        }
        int end = text.indexOf("*/", at + 2);
        if (end < 0) {
            throw problem("a comment isn't closed");
        }
        at = end + 2;
        close();
        return true;
    }

    private void close() throws TemplateException {
        skipBlanks();
        if (text.startsWith("-}}", at) && blank(text.charAt(at - 1))) {
            at++;
            trimNext = true;
        }
        if (!text.startsWith("}}", at)) {
            throw problem(at < text.length() ? "unexpected \"%s\"".formatted(peek()) : "{{ without }}");
        }
        at += 2;
    }

    private void skipBlanks() {
        while (at < text.length() && blank(peek())) {
            at++;
        }
    }

    private boolean take(char wanted) {
        boolean there = peek() == wanted;
        at += there ? 1 : 0;
        return there;
    }

    /// The next character, or 0 at the end.
    private char peek() {
        return at < text.length() ? text.charAt(at) : 0;
    }

    private static boolean blank(char c) {
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
    }

    private static boolean nameStart(char c) {
        return c == '_' || Character.isLetter(c);
    }

    private TemplateException problem(String what) {
        long line = 1
                + text.substring(0, Math.min(at, text.length()))
                        .chars()
                        .filter(c -> c == '\n')
                        .count();
        return new TemplateException("line %d: %s".formatted(line, what));
    }
}
