package dev.aviary.cli.live;

import java.util.function.UnaryOperator;

/// One line of at most so many columns. Colour takes no room; what doesn't fit is cut.
final class Line {
    private final int width;
    private final StringBuilder text = new StringBuilder();
    private int used;

    Line(int width) {
        this.width = width;
    }

    Line add(String words) {
        return add(words, UnaryOperator.identity());
    }

    Line add(String words, UnaryOperator<String> colour) {
        int room = width - used;
        if (room > 0 && !words.isEmpty()) {
            var cut = words.length() <= room ? words : words.substring(0, room);
            text.append(colour.apply(cut));
            used += cut.length();
        }
        return this;
    }

    /// Blank up to this column, counted from 0.
    Line to(int column) {
        return add(" ".repeat(Math.max(0, column - used)));
    }

    /// At the line's right end, if there is room for it.
    Line right(String words, UnaryOperator<String> colour) {
        return used + words.length() < width ? to(width - words.length()).add(words, colour) : this;
    }

    int used() {
        return used;
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
