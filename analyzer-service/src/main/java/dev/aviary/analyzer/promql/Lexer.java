package dev.aviary.analyzer.promql;

import dev.aviary.analyzer.promql.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

final class Lexer {
    private static final Pattern DURATION = Pattern.compile("([0-9]+(ms|[smhdwy]))+");
    private static final Pattern OCTAL = Pattern.compile("0[0-9]+");
    private static final List<String> SIGNS = List.of(
            "==", "!=", "=~", "!~", ">=", "<=", "+", "-", "*", "/", "%", "^", "=", ">", "<", "(", ")", "{", "}", "[",
            "]", ",", ":", "@");

    private final String query;
    private int at;

    /// Between `[` and `]` a colon parts a subquery's range from its step; elsewhere it belongs to a name.
    private boolean inBrackets;

    private Lexer(String query) {
        this.query = query;
    }

    static List<Token> read(String query) throws SyntaxException {
        var lexer = new Lexer(query);
        var tokens = new ArrayList<Token>();
        while (lexer.skip()) {
            var token = lexer.next();
            lexer.inBrackets = token.is("[") || (lexer.inBrackets && !token.is("]"));
            tokens.add(token);
        }
        tokens.add(new Token(Kind.END, "", query.length()));
        return tokens;
    }

    /// @return false at the end
    private boolean skip() {
        while (at < query.length()) {
            char here = query.charAt(at);
            if (here == '#') {
                while (at < query.length() && query.charAt(at) != '\n' && query.charAt(at) != '\r') {
                    at++;
                }
            } else if (here == ' ' || here == '\t' || here == '\n' || here == '\r') {
                at++;
            } else {
                return true;
            }
        }
        return false;
    }

    private Token next() throws SyntaxException {
        char here = query.charAt(at);
        if (here == '"' || here == '\'' || here == '`') {
            return text(here);
        }
        if (isDigit(here) || (here == '.' && at + 1 < query.length() && isDigit(query.charAt(at + 1)))) {
            return number();
        }
        if (isLetter(here) || (here == ':' && !inBrackets)) {
            int from = at;
            while (at < query.length()
                    && (isLetter(query.charAt(at)) || isDigit(query.charAt(at)) || query.charAt(at) == ':')) {
                at++;
            }
            return new Token(Kind.WORD, query.substring(from, at), from);
        }
        for (var sign : SIGNS) {
            if (query.startsWith(sign, at)) {
                at += sign.length();
                return new Token(Kind.SIGN, sign, at - sign.length());
            }
        }
        throw new SyntaxException("'%s' at %d isn't PromQL".formatted(here, at));
    }

    private Token number() throws SyntaxException {
        int from = at;
        boolean hex = query.startsWith("0x", at) || query.startsWith("0X", at);
        while (at < query.length()) {
            char here = query.charAt(at);
            boolean exponentSign = !hex
                    && (here == '+' || here == '-')
                    && (query.charAt(at - 1) == 'e' || query.charAt(at - 1) == 'E');
            if (!isDigit(here) && !isLetter(here) && here != '.' && !exponentSign) {
                break;
            }
            at++;
        }
        var text = query.substring(from, at);
        if (DURATION.matcher(text).matches()) {
            return new Token(Kind.DURATION, text, from);
        }
        if (OCTAL.matcher(text).matches()) {
            throw new SyntaxException("'%s' at %d is octal to Prometheus".formatted(text, from));
        }
        try {
            double value = hex ? Long.parseLong(text.substring(2), 16) : parsed(text);
            return new Token(Kind.NUMBER, Double.toString(value), from);
        } catch (NumberFormatException no) {
            throw new SyntaxException("'%s' at %d isn't a number".formatted(text, from));
        }
    }

    /// Java would take `1f` and `1d` too.
    private static double parsed(String text) {
        char last = text.charAt(text.length() - 1);
        if (!isDigit(last) && last != '.') {
            throw new NumberFormatException(text);
        }
        return Double.parseDouble(text);
    }

    private Token text(char quote) throws SyntaxException {
        int from = at++;
        var text = new StringBuilder();
        while (at < query.length() && query.charAt(at) != quote) {
            char here = query.charAt(at++);
            if (here == '\\' && quote != '`') {
                text.append(escaped(quote));
            } else if (here == '\n' && quote != '`') {
                throw new SyntaxException("the string at %d has no end".formatted(from));
            } else {
                text.append(here);
            }
        }
        if (at >= query.length()) {
            throw new SyntaxException("the string at %d has no end".formatted(from));
        }
        at++;
        return new Token(Kind.TEXT, text.toString(), from);
    }

    private String escaped(char quote) throws SyntaxException {
        char here = at < query.length() ? query.charAt(at++) : 0;
        if (here == quote) {
            return String.valueOf(quote);
        }
        return switch (here) {
            case 'n' -> "\n";
            case 't' -> "\t";
            case 'r' -> "\r";
            case '\\' -> "\\";
            case 'x' -> code(2, 0x7f);
            case 'u' -> code(4, 0xffff);
            default -> throw new SyntaxException("the escape at %d isn't understood".formatted(at));
        };
    }

    /// @param most above it `\x` is a byte of UTF-8, no character
    private String code(int digits, int most) throws SyntaxException {
        var text = query.substring(at, Math.min(at + digits, query.length()));
        at += digits;
        if (text.length() == digits && text.chars().allMatch(digit -> Character.digit(digit, 16) >= 0 && digit < 128)) {
            int code = Integer.parseInt(text, 16);
            if (code <= most && !Character.isSurrogate((char) code)) {
                return Character.toString(code);
            }
        }
        throw new SyntaxException("the escape at %d isn't understood".formatted(at));
    }

    private static boolean isDigit(char here) {
        return here >= '0' && here <= '9';
    }

    private static boolean isLetter(char here) {
        return (here >= 'a' && here <= 'z') || (here >= 'A' && here <= 'Z') || here == '_';
    }
}
