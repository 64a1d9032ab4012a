package dev.aviary.decisions.backtest;

import dev.aviary.events.CountedLook;
import dev.aviary.events.GuardResult.Tally;
import dev.aviary.events.GuardSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// The guard's looks at the pace of another policy: one that looks less often sees the sum of what came since its last.
final class Looks {
    private final Optional<Duration> pace;
    private final TreeMap<String, CountedLook> since = new TreeMap<>();
    private Optional<Instant> last = Optional.empty();

    /// @param acting    as it looked
    /// @param otherwise as it would have looked
    Looks(GuardSpec acting, GuardSpec otherwise) {
        // A look is never quite on time: half of one's distance is none.
        this.pace = Optional.of(otherwise.every())
                .filter(every -> every.compareTo(acting.every()) > 0)
                .map(every -> every.minus(acting.every().dividedBy(2)));
    }

    /// What was counted at each look, one after the other.
    static List<List<CountedLook>> of(List<CountedLook> counted) {
        var looks = new TreeMap<Integer, List<CountedLook>>();
        counted.forEach(
                one -> looks.computeIfAbsent(one.look(), _ -> new ArrayList<>()).add(one));
        return List.copyOf(looks.values());
    }

    /// @param look of one instant, by its metrics
    /// @return what the other policy sees at it: nothing if it doesn't look
    Map<String, CountedLook> at(List<CountedLook> look) {
        look.forEach(one -> since.merge(one.metric(), one, Looks::sum));
        var now = look.getFirst().at();
        boolean looks = pace.isEmpty()
                || last.filter(before -> now.isBefore(before.plus(pace.get()))).isEmpty();
        if (!looks) {
            return Map.of();
        }
        last = Optional.of(now);
        var seen = new TreeMap<>(since);
        since.clear();
        return seen;
    }

    private static CountedLook sum(CountedLook before, CountedLook now) {
        return new CountedLook(
                now.metric(),
                now.look(),
                now.at(),
                now.allowed(),
                sum(before.canary(), now.canary()),
                sum(before.primary(), now.primary()));
    }

    private static Tally sum(Tally before, Tally now) {
        return before.plus(now.failures(), now.total());
    }
}
