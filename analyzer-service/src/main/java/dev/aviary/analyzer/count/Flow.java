package dev.aviary.analyzer.count;

import dev.aviary.decisions.guard.LateRequests;
import java.util.Optional;
import java.util.OptionalLong;

/// The requests of one pod for one metric: those that ended, and those that certainly take too long.
final class Flow {
    private long ended;
    private long good;
    private long slow;
    private Optional<LateRequests> late = Optional.empty();
    private long surelyBegun;
    private long surelyBegunBefore;
    private long lastInFlight;

    /// @param parts    what the histogram grew by
    /// @param inFlight as shown; empty if it isn't
    /// @return what this look adds, each request once in a rollout
    Tallying.Parts look(Answer when, Tallying.Parts parts, boolean newLife, OptionalLong inFlight, InFlight gauge) {
        if (newLife) {
            ended = 0;
            good = 0;
            slow = 0;
            surelyBegun = 0;
            surelyBegunBefore = 0;
            lastInFlight = 0;
            late = late.map(LateRequests::restarted);
        }
        long before = ended;
        ended += parts.total();
        good += parts.good();
        slow = Math.clamp(ended - good, slow, ended);
        var own = parts.edge().stream().mapToLong(gauge::millis).findFirst();
        var bound = own.isPresent() ? own : gauge.boundMillis();
        if (own.isPresent()
                && late.filter(known -> known.boundMillis() != own.getAsLong()).isPresent()) {
            gauge.distrust("a pod's histogram has other edges than the other pods'");
        }
        if (bound.isEmpty()) {
            return new Tallying.Parts(0, 0, parts.edge());
        }
        long counted = inFlight.stream().map(gauge::counted).findFirst().orElse(0);
        check(before, counted, inFlight.isPresent(), gauge);
        var last = late.orElseGet(() -> LateRequests.newborn(bound.getAsLong()));
        var now = last.seen(
                when.askedMillis(),
                when.answeredMillis(),
                ended,
                slow,
                gauge.distrusted().isPresent() ? 0 : counted);
        late = Optional.of(now);
        return new Tallying.Parts(now.fast() - last.fast(), now.total() - last.total(), parts.edge());
    }

    /// What had surely begun two looks ago was in flight at the last one or has ended by now; the look between is
    /// needed because a scrape reads one number after the other.
    private void check(long endedBefore, long counted, boolean isShown, InFlight gauge) {
        if (!isShown) {
            return;
        }
        if (ended + lastInFlight < surelyBegunBefore) {
            gauge.distrust("they were more than those that ended later");
        }
        surelyBegunBefore = surelyBegun;
        surelyBegun = Math.max(surelyBegun, Math.max(ended, endedBefore + counted));
        lastInFlight = counted;
    }
}
