package dev.aviary.eventlog.codec;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;

/// ISO 8601 as the JDK writes it, read without its formatters: they would cost more than the rest of an event. What is
/// written in another way is left to them.
final class Times {
    private static final int NANO_DIGITS = 9;
    private static final int NO_NUMBER = -1;

    private Times() {}

    /// @throws DateTimeException as [Instant#parse]
    static Instant instant(String text) {
        int last = text.length() - 1;
        boolean whole = last == 19;
        if (last < 19 || last > 20 + NANO_DIGITS || text.charAt(last) != 'Z' || !isMarked(text) || last == 20) {
            return Instant.parse(text);
        }
        int year = number(text, 0, 4);
        int month = number(text, 5, 7);
        int day = number(text, 8, 10);
        int hour = number(text, 11, 13);
        int minute = number(text, 14, 16);
        int second = number(text, 17, 19);
        int nanos = whole ? 0 : text.charAt(19) == '.' ? nanos(text, 20, last) : NO_NUMBER;
        if (Math.min(Math.min(year, month), Math.min(day, nanos)) < 0
                || !isBelow(24, hour)
                || !isBelow(60, minute)
                || !isBelow(60, second)) {
            return Instant.parse(text);
        }
        long days = LocalDate.of(year, month, day).toEpochDay();
        return Instant.ofEpochSecond(((days * 24 + hour) * 60 + minute) * 60 + second, nanos);
    }

    private static boolean isMarked(String text) {
        return text.charAt(4) == '-'
                && text.charAt(7) == '-'
                && text.charAt(10) == 'T'
                && text.charAt(13) == ':'
                && text.charAt(16) == ':';
    }

    private static boolean isBelow(int end, int number) {
        return number >= 0 && number < end;
    }

    /// Seconds alone, such as `PT2.5S`: by far the most.
    ///
    /// @throws DateTimeException as [Duration#parse]
    static Duration duration(String text) {
        int last = text.length() - 1;
        if (last < 3 || last > 20 || !text.startsWith("PT") || text.charAt(last) != 'S') {
            return Duration.parse(text);
        }
        int point = text.indexOf('.');
        int seconds = number(text, 2, point < 0 ? last : point);
        int nanos = point < 0 ? 0 : nanos(text, point + 1, last);
        return seconds < 0 || nanos < 0 ? Duration.parse(text) : Duration.ofSeconds(seconds, nanos);
    }

    private static int nanos(String text, int from, int to) {
        int nanos = to - from > NANO_DIGITS ? NO_NUMBER : number(text, from, to);
        for (int digits = to - from; nanos > 0 && digits < NANO_DIGITS; digits++) {
            nanos *= 10;
        }
        return nanos;
    }

    /// Nine digits at most, or [#NO_NUMBER].
    private static int number(String text, int from, int to) {
        if (to <= from || to - from > NANO_DIGITS) {
            return NO_NUMBER;
        }
        int number = 0;
        for (int at = from; at < to; at++) {
            int digit = text.charAt(at) - '0';
            if (digit < 0 || digit > 9) {
                return NO_NUMBER;
            }
            number = number * 10 + digit;
        }
        return number;
    }
}
