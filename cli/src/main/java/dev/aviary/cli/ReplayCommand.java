package dev.aviary.cli;

import dev.aviary.cli.replay.Difference;
import dev.aviary.cli.replay.Replay;
import dev.aviary.cli.replay.Replays;
import dev.aviary.cli.story.Colours;
import dev.aviary.cli.story.Rollouts;
import dev.aviary.eventlog.codec.Json;
import dev.aviary.eventlog.topics.ClusterNames;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.RolloutEvent;
import java.io.PrintStream;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "replay",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Takes every decision about a canary again and proves that each is the same in every field, and that none was"
                    + " missed and none is too many.",
            "Ends with status 1 at the first difference, which it names."
        })
final class ReplayCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "NAMESPACE/NAME")
    String canary = "";

    @Option(
            names = "--rollout",
            paramLabel = "ID",
            description = "Prove this rollout's decisions alone: its number, or its id as `audit --json` shows it.")
    Optional<String> rollout = Optional.empty();

    @Option(names = "--json", description = "One result a line, for machines.")
    boolean json;

    @Mixin
    LogOptions log = new LogOptions();

    private final PrintStream out = System.out;

    @Override
    public Integer call() {
        var name = CanaryName.of(canary);
        var kafka = log.connection();
        long known = 0;
        boolean same = true;
        for (var cluster : new ClusterNames(kafka, log.topics()).all()) {
            var key = new CanaryKey(cluster, name.namespace(), name.name());
            var results = Replays.of(kafka, log.topics(), key, this::isAsked, Instant.now(), ReplayCommand::progress);
            if (results.stream().anyMatch(this::isKnown)) {
                known++;
                results.forEach(result -> tell(key, result));
                same &= results.stream().allMatch(result -> result.difference().isEmpty());
            }
        }
        if (known == 0) {
            throw new Problem(rollout.map(id -> "the log has no decision about rollout %s of %s.".formatted(id, canary))
                    .orElseGet(() -> "the log has nothing about %s.".formatted(canary)));
        }
        return same ? 0 : 1;
    }

    private boolean isAsked(RolloutEvent event) {
        return rollout.isEmpty()
                || event.ofRollout()
                        .filter(id -> Rollouts.isAsked(id, rollout.get()))
                        .isPresent();
    }

    private boolean isKnown(Replay.Result result) {
        boolean judged = result.proven() > 0
                || !result.others().isEmpty()
                || result.difference().isPresent();
        return judged || (rollout.isEmpty() && result.inputs() + result.folded() > 0);
    }

    private void tell(CanaryKey key, Replay.Result result) {
        if (json) {
            out.println(asJson(key, result));
            return;
        }
        out.printf(
                "%s: %s decider %d: %d decisions over %d inputs taken again%s%n",
                key,
                result.decider(),
                result.version(),
                result.proven(),
                result.inputs(),
                result.difference().map(_ -> ", then one differs").orElse(", each the same"));
        if (result.folded() > 0) {
            out.printf(
                    "  %d more were taken as they stand: of another rollout, or their measurements are gone%n",
                    result.folded());
        }
        result.others()
                .forEach((version, count) -> out.printf(
                        "  %d were taken by version %d of this decider and aren't judged by version %d%n",
                        count, version, result.version()));
        result.difference().map(Difference::sentence).ifPresent(sentence -> out.println("  " + sentence));
    }

    private static String asJson(CanaryKey key, Replay.Result result) {
        try {
            return Json.mapper()
                    .writeValueAsString(Map.of(
                            "canary",
                            key.toString(),
                            "agrees",
                            result.difference().isEmpty(),
                            "result",
                            result));
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void progress(long read) {
        if (Colours.terminal()) {
            System.err.printf("\r%,d records read", read);
        }
    }
}
