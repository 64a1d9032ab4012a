package dev.aviary.flagger;

import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;

/// Numbers of a Canary, each refused with its field's path if it makes no sense.
final class Numbers {
    private Numbers() {}

    static int whole(String field, @Nullable BigDecimal given, int absent, int least, int most) throws Refused {
        if (given == null) {
            return absent;
        }
        if (given.stripTrailingZeros().scale() > 0) {
            throw new Refused(field, "is %s; it must be a whole number".formatted(shown(given)));
        }
        return between(field, given, least, most).intValue();
    }

    static BigDecimal between(String field, BigDecimal given, int least, int most) throws Refused {
        if (given.compareTo(BigDecimal.valueOf(least)) < 0 || given.compareTo(BigDecimal.valueOf(most)) > 0) {
            throw new Refused(
                    field,
                    most == Integer.MAX_VALUE
                            ? "is %s; it must be at least %d".formatted(shown(given), least)
                            : "is %s; it must be between %d and %d".formatted(shown(given), least, most));
        }
        return given;
    }

    static String shown(BigDecimal number) {
        var plain = number.stripTrailingZeros();
        return plain.precision() - plain.scale() > 20 ? plain.toString() : plain.toPlainString();
    }
}
