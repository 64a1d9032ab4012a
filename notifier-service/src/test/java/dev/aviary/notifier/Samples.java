package dev.aviary.notifier;

import dev.aviary.events.CanaryApplied;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.CanarySpec;
import dev.aviary.events.HookKind;
import dev.aviary.events.HookSpec;
import dev.aviary.events.Percent;
import dev.aviary.events.Plan;
import dev.aviary.events.RolloutId;
import dev.aviary.events.RolloutStarted;
import dev.aviary.events.Strategy;
import dev.aviary.events.WorkloadRef;
import dev.aviary.notifier.alert.Known;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// A canary as the tests of this module know it.
public final class Samples {
    public static final CanaryKey CHECKOUT = CanaryKey.of("eu/shop/checkout");
    public static final RolloutId ROLLOUT = new RolloutId(3, "v1:9f2c");
    public static final Instant NOON = Instant.parse("2026-11-23T12:00:00Z");
    public static final String UID = "4f6c0b8e-1111-2222-3333-444455556666";

    private Samples() {}

    public static CanarySpec spec(Strategy strategy, boolean strict) {
        return new CanarySpec(
                new WorkloadRef("Deployment", "checkout"),
                "gatewayapi:v1",
                "checkout",
                strategy,
                Duration.ofSeconds(10),
                2,
                Duration.ofSeconds(45),
                Duration.ZERO,
                100,
                100,
                List.of(),
                List.of(
                        new HookSpec("ask", HookKind.CONFIRM_ROLLOUT, Duration.ofSeconds(10), 0, false),
                        new HookSpec("quiet", HookKind.CONFIRM_ROLLOUT, Duration.ofSeconds(10), 0, true)),
                false,
                false,
                false,
                strict);
    }

    public static Strategy weights(String... percents) {
        return new Strategy.Progressive(Stream.of(percents).map(Percent::of).toList(), Percent.ZERO);
    }

    public static RolloutStarted started(CanarySpec spec) {
        return new RolloutStarted(
                ROLLOUT, "v1:1111", "v1:9f2c", List.of("checkout:2"), Plan.of(spec), Optional.empty());
    }

    public static Known known(CanarySpec spec) {
        return Known.NOTHING.hear(new CanaryApplied(UID, 1, spec)).hear(started(spec));
    }

    public static Known known() {
        return known(spec(weights("5", "10", "50"), false));
    }
}
