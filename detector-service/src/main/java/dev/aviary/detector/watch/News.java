package dev.aviary.detector.watch;

import dev.aviary.detector.revision.Revisions;
import dev.aviary.detector.watch.Seen.Leaving;
import dev.aviary.events.CanaryApplied;
import dev.aviary.events.CanaryDeleted;
import dev.aviary.events.CanaryRejected;
import dev.aviary.events.DetectorEvent;
import dev.aviary.events.OperatorCommanded;
import dev.aviary.events.OperatorCommanded.Verb;
import dev.aviary.events.RolloutLabelled;
import dev.aviary.events.RolloutLabelled.Outcome;
import dev.aviary.events.WorkloadChanged.Role;
import dev.aviary.flagger.CanarySpecs.Rejected;
import dev.aviary.flagger.CanarySpecs.Resolved;
import dev.aviary.flagger.Revision;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// What the cluster shows and the log doesn't know yet. Compared as a whole each time: whatever a watch missed,
/// repeated
/// or brought late, the next look puts it right.
public final class News {
    /// Clocks of API server and brokers may differ by as much.
    private static final Duration SKEW = Duration.ofSeconds(5);

    private static final String LABEL = "label";
    /// As in the policy.
    private static final Pattern ROLLOUT = Pattern.compile("[1-9][0-9]{0,8}");

    private News() {}

    /// @param seen     empty: the Canary is gone
    /// @param previous revision that we computed last, see [Revisions]
    /// @param now      for what is said now
    public static List<DetectorEvent> of(Optional<Seen> seen, Said said, Optional<Revision> previous, Instant now) {
        var news = new ArrayList<DetectorEvent>();
        if (seen.isEmpty()) {
            gone(said).ifPresent(news::add);
            return news;
        }
        var is = seen.get();
        var known = said;
        boolean another = known.applied()
                .filter(applied -> !applied.uid().equals(is.uid()))
                .isPresent();
        if (another) {
            // Deleted and made anew while nobody looked.
            var gone = gone(known);
            gone.ifPresent(news::add);
            known = gone.isPresent() ? known.and(gone.get(), now) : known;
        }
        if (is.leaving() != Leaving.NO) {
            if (known.stands()) {
                news.add(new CanaryDeleted(is.uid(), is.leaving() == Leaving.AFTER_REVERT));
            }
            if (!another) {
                workloads(is, known, news);
            }
            return news;
        }
        var applied = applied(is, known);
        news.addAll(applied);
        for (var event : applied) {
            known = known.and(event, now);
        }
        if (!known.stands()) {
            return news;
        }
        if (is.revision().orElse(NONE) instanceof Revision.Known(var revision)) {
            Revisions.news(revision, known.revision(), previous).ifPresent(news::add);
        }
        workloads(is, known, news);
        command(is, known).ifPresent(news::add);
        return news;
    }

    private static final Revision.Found NONE = new Revision.Missing("");

    private static Optional<DetectorEvent> gone(Said said) {
        return said.applied().filter(_ -> said.stands()).map(applied -> new CanaryDeleted(applied.uid(), false));
    }

    private static List<DetectorEvent> applied(Seen is, Said said) {
        return switch (is.resolution()) {
            case Resolved(var spec, var _) -> {
                boolean known = said.stands()
                        && said.rejected().isEmpty()
                        && said.applied()
                                .filter(before -> before.uid().equals(is.uid())
                                        && before.spec().equals(spec))
                                .isPresent();
                yield known ? List.of() : List.of(new CanaryApplied(is.uid(), is.generation(), spec));
            }
            case Rejected(CanaryRejected rejected) ->
                said.rejected().filter(rejected::equals).isPresent() ? List.of() : List.of(rejected);
        };
    }

    private static void workloads(Seen is, Said said, List<DetectorEvent> news) {
        is.workloads().stream()
                .filter(workload -> !workload.equals(said.workloads().get(workload.role())))
                // A primary that is yet to be made is no news.
                .filter(workload -> workload.exists()
                        || workload.role() == Role.TARGET
                        || said.workloads().containsKey(workload.role()))
                .forEach(news::add);
    }

    /// A command that stood there before this Canary was first seen belongs to a log that we don't have: it isn't
    /// given a second time.
    private static Optional<DetectorEvent> command(Seen is, Said said) {
        return is.command()
                .filter(command -> !command.id().isEmpty() && !command.id().equals(said.command()))
                .filter(command -> !isOlder(command, said))
                .flatMap(News::understood);
    }

    private static boolean isOlder(Seen.Command command, Said said) {
        return command.written()
                .flatMap(written -> said.since().map(since -> written.plus(SKEW).isBefore(since)))
                .orElse(false);
    }

    /// Empty if it isn't: where the policy of design rule 8 is missing, anything may stand there.
    static Optional<DetectorEvent> understood(Seen.Command command) {
        return command.verb().equals(LABEL)
                ? Outcome.of(command.outcome())
                        .filter(_ -> ROLLOUT.matcher(command.rollout()).matches())
                        .map(outcome -> new RolloutLabelled(
                                command.id(), Long.parseLong(command.rollout()), outcome, command.by(), command.why()))
                : verb(command.verb())
                        .map(verb -> new OperatorCommanded(command.id(), verb, command.by(), command.why()));
    }

    private static Optional<Verb> verb(String word) {
        return Arrays.stream(Verb.values())
                .filter(verb -> verb.word().equals(word))
                .findFirst();
    }
}
