package dev.aviary.cli;

import dev.aviary.cli.story.LogReader;
import dev.aviary.cli.story.Rollouts;
import dev.aviary.events.RolloutLabelled;
import dev.aviary.events.RolloutLabelled.Outcome;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// A person's word about a rollout: the annotations of a command, and two more. Plain kubectl does the same:
/// `kubectl annotate --overwrite canary NAME aviary.dev/command=label aviary.dev/command-rollout=3
/// aviary.dev/command-outcome=bad aviary.dev/command-id=$RANDOM aviary.dev/command-by=ME aviary.dev/command-why=…`
@Command(
        name = "label",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description =
                "Says of a rollout, ended or under way, that the release was good or bad. The last word counts; it"
                        + " changes no rollout.")
final class LabelCommand implements Callable<Integer> {
    /// The detector is told by a watch, so it takes a moment; a second word before then would take the first one's
    /// place.
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    @Parameters(
            index = "0",
            paramLabel = "NAMESPACE/NAME[#ROLLOUT]",
            description = "The canary, with the rollout's number.")
    String named = "";

    @Parameters(index = "1", paramLabel = "good|bad", description = "What the release was.")
    String outcome = "";

    @Option(
            names = "--rollout",
            paramLabel = "ID",
            description = "Its number, or its id as `audit --json` shows it. Default: the last one.")
    Optional<String> rollout = Optional.empty();

    @Option(names = "--why", description = "In your words; stands in the log.", defaultValue = "")
    String why = "";

    @Mixin
    LogOptions log = new LogOptions();

    @Override
    public Integer call() {
        var asked = Asked.of(named, rollout, outcome);
        var reader = new LogReader(log.connection(), log.topics().rolloutEvents());
        var known = new Rollouts();
        reader.history(entry -> {
            if (asked.canary().isOf(entry.canary())) {
                known.hear(entry.canary(), entry.logged().event());
            }
        });
        if (asked.rollout().isEmpty() && known.clusters().size() > 1) {
            throw new Problem("the log tells of %s in the clusters %s: name the rollout with --rollout."
                    .formatted(asked.canary(), String.join(", ", known.clusters())));
        }
        long number = known.asked(asked.rollout())
                .orElseThrow(() -> new Problem(
                        known.isEmpty()
                                ? "the log has no rollout of %s: nothing is labelled.".formatted(asked.canary())
                                : "%s has no rollout %s: nothing is labelled. The log has %s."
                                        .formatted(
                                                asked.canary(), asked.rollout().orElseThrow(), known.words())));
        if (!isOnTheLog(reader, asked, number)) {
            throw new Problem(
                    ("rollout %d of %s: %s is said, but the log doesn't have it after %d s. The detector puts it"
                                    + " there when it runs and nothing else was said to this canary before.")
                            .formatted(number, asked.canary(), asked.outcome().word(), PATIENCE.toSeconds()));
        }
        System.out.printf(
                "%s: rollout %d is labelled %s.%n",
                asked.canary(), number, asked.outcome().word());
        return 0;
    }

    private boolean isOnTheLog(LogReader reader, Asked asked, long number) {
        var id = new AtomicReference<>("");
        var heard = new AtomicBoolean();
        var said = new AtomicBoolean();
        var until = new AtomicLong();
        reader.follow(
                () -> heard.get() || (said.get() && System.nanoTime() - until.get() >= 0),
                () -> {
                    try (var kube = Kube.current()) {
                        var words = Map.of(
                                "rollout",
                                Long.toString(number),
                                "outcome",
                                asked.outcome().word());
                        id.set(PersonsWord.say(kube, asked.canary(), "label", why, words));
                    }
                    until.set(System.nanoTime() + PATIENCE.toNanos());
                    said.set(true);
                },
                entry -> {
                    if (entry.logged().event() instanceof RolloutLabelled label
                            && label.id().equals(id.get())) {
                        heard.set(true);
                    }
                });
        return heard.get();
    }

    /// What was typed.
    ///
    /// @param rollout number or id; empty for the last one
    record Asked(CanaryName canary, Optional<String> rollout, Outcome outcome) {
        static Asked of(String named, Optional<String> option, String outcome) {
            int hash = named.indexOf('#');
            var canary = CanaryName.of(hash < 0 ? named : named.substring(0, hash));
            var behind = hash < 0 ? Optional.<String>empty() : Optional.of(named.substring(hash + 1));
            if (behind.isPresent() && option.isPresent() && !behind.equals(option)) {
                throw new Problem("%s and --rollout %s name two rollouts: label one.".formatted(named, option.get()));
            }
            var said = Outcome.of(outcome)
                    .orElseThrow(
                            () -> new Problem("a rollout is labelled good or bad, got \"%s\".".formatted(outcome)));
            return new Asked(canary, option.or(() -> behind), said);
        }
    }
}
