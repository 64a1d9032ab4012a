package dev.aviary.analyzer.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.analyzer.Samples;
import dev.aviary.events.HookKind;
import dev.aviary.events.HookResult;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class HooksTest {
    @Nested
    class Rollout extends HookContract {
        @Override
        protected HookKind kind() {
            return HookKind.ROLLOUT;
        }

        @Override
        protected String phase() {
            return "Progressing";
        }

        @Test
        void thoseOfALookAreCalledInOrderUpToTheFirstThatFails() {
            inTheCanary(receiver.answers(200, "").answers(400, "too slow").url());
            var specs = List.of(
                    spec("other", Duration.ofSeconds(5), 0),
                    spec("ask", Duration.ofSeconds(5), 0),
                    spec("other", Duration.ofSeconds(5), 0));

            var results =
                    new Hooks(live, new HookCaller(pauses::add)).look(Samples.CHECKOUT, Samples.ROLLOUT, specs, false);

            assertThat(results)
                    .containsExactly(new HookResult("other", true, ""), new HookResult("ask", false, "400 too slow"));
        }
    }

    @Nested
    class PreRollout extends Gate {
        PreRollout() {
            super(HookKind.PRE_ROLLOUT, "Progressing");
        }
    }

    @Nested
    class ConfirmRollout extends Gate {
        ConfirmRollout() {
            super(HookKind.CONFIRM_ROLLOUT, "WaitingPromotion");
        }
    }

    @Nested
    class ConfirmTrafficIncrease extends Gate {
        ConfirmTrafficIncrease() {
            super(HookKind.CONFIRM_TRAFFIC_INCREASE, "Progressing");
        }
    }

    @Nested
    class ConfirmPromotion extends Gate {
        ConfirmPromotion() {
            super(HookKind.CONFIRM_PROMOTION, "Progressing");
        }
    }

    @Nested
    class Rollback extends HookContract {
        @Override
        protected HookKind kind() {
            return HookKind.ROLLBACK;
        }

        @Override
        protected String phase() {
            return "WaitingPromotion";
        }

        @Test
        void oneYesIsEnough() {
            inTheCanary(receiver.answers(403, "").answers(200, "").url());
            var specs = List.of(spec("ask", Duration.ofSeconds(5), 0), spec("other", Duration.ofSeconds(5), 0));

            assertThat(call(specs, false).isYes()).isTrue();
        }
    }

    abstract static class Gate extends HookContract {
        private final HookKind kind;
        private final String phase;

        Gate(HookKind kind, String phase) {
            this.kind = kind;
            this.phase = phase;
        }

        @Override
        protected HookKind kind() {
            return kind;
        }

        @Override
        protected String phase() {
            return phase;
        }

        @Test
        void oneNoKeepsItClosed() {
            inTheCanary(receiver.answers(403, "").answers(200, "").url());
            var specs = List.of(spec("ask", Duration.ofSeconds(5), 0), spec("other", Duration.ofSeconds(5), 0));

            assertThat(call(specs, false).isYes()).isFalse();
            assertThat(receiver.asked()).hasSize(1);
        }
    }
}
