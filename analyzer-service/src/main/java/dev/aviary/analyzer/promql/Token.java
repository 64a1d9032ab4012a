package dev.aviary.analyzer.promql;

/// @param text of a string without its quotes and escapes
/// @param at   offset in the query, from 0
record Token(Kind kind, String text, int at) {
    enum Kind {
        NUMBER,
        DURATION,
        TEXT,
        WORD,
        SIGN,
        END
    }

    boolean is(String sign) {
        return kind == Kind.SIGN && text.equals(sign);
    }

    boolean isWord(String word) {
        return kind == Kind.WORD && text.equalsIgnoreCase(word);
    }
}
