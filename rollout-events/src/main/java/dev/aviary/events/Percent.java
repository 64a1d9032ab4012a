package dev.aviary.events;

import java.math.BigDecimal;

/// A share of traffic. JSON and [#toString] show percent: `12.5`.
///
/// @param basisPoints hundredths of a percent, 0 to 10000: weights below 1 % exist
public record Percent(int basisPoints) {
    public static final Percent ZERO = new Percent(0);
    public static final Percent ALL = new Percent(100_00);

    public Percent {
        if (basisPoints < 0 || basisPoints > 100_00) {
            throw new IllegalArgumentException(
                    "a share is 0 to 100 %%, got %s".formatted(BigDecimal.valueOf(basisPoints, 2)));
        }
    }

    /// @param percent as in JSON, with at most two decimals
    /// @throws ArithmeticException if there are more
    public static Percent of(String percent) {
        return new Percent(new BigDecimal(percent).movePointRight(2).intValueExact());
    }

    public Percent rest() {
        return new Percent(100_00 - basisPoints);
    }

    /// This and the other, at most all.
    public Percent plus(Percent other) {
        return new Percent(Math.min(100_00, basisPoints + other.basisPoints));
    }

    /// This without the other, at least nothing.
    public Percent minus(Percent other) {
        return new Percent(Math.max(0, basisPoints - other.basisPoints));
    }

    public boolean isAbove(Percent other) {
        return basisPoints > other.basisPoints;
    }

    @Override
    public String toString() {
        return BigDecimal.valueOf(basisPoints, 2).stripTrailingZeros().toPlainString();
    }
}
