package dev.aviary.cli;

import dev.aviary.cli.story.Colours;
import dev.aviary.cli.story.Entry;
import dev.aviary.cli.story.LogReader;
import dev.aviary.cli.story.Rollouts;
import dev.aviary.cli.story.Story;
import dev.aviary.eventlog.codec.Json;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.RolloutEvent;
import dev.aviary.events.RolloutId;
import dev.aviary.events.RolloutLabelled;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "audit",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Reads the log from its beginning and tells the story of every rollout of a canary.")
final class AuditCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "NAMESPACE/NAME")
    String canary = "";

    @Option(names = "--json", description = "One event a line, for machines.")
    boolean json;

    @Mixin
    LogOptions log = new LogOptions();

    private final PrintStream out = System.out;
    private final Rollouts rollouts = new Rollouts();
    private Optional<RolloutId> rollout = Optional.empty();
    private long told;

    @Override
    public Integer call() {
        var name = CanaryName.of(canary);
        new LogReader(log.connection(), log.topics().rolloutEvents()).history(entry -> {
            if (name.isOf(entry.canary())) {
                tell(entry);
            }
        });
        if (told == 0) {
            throw new Problem("the log has nothing about %s.".formatted(canary));
        }
        return 0;
    }

    private void tell(Entry entry) {
        told++;
        if (json) {
            out.println(asJson(entry));
            return;
        }
        var event = entry.logged().event();
        rollouts.hear(entry.canary(), event);
        event.ofRollout().filter(id -> !Optional.of(id).equals(rollout)).ifPresent(id -> {
            rollout = Optional.of(id);
            out.printf("%nRollout %d of %s%n", id.number(), entry.canary());
        });
        Story.line(event)
                .map(line -> line + remark(entry.canary(), event))
                .ifPresent(line -> out.printf(
                        "%s  %-9s %s%n", Colours.dim(entry.at().toString()), who(entry), Colours.of(event, line)));
    }

    private String remark(CanaryKey canary, RolloutEvent event) {
        return event instanceof RolloutLabelled label && !rollouts.has(canary, label.rollout())
                ? "; there is no such rollout: it counts for none"
                : "";
    }

    private static String who(Entry entry) {
        return switch (entry.logged().event()) {
            case dev.aviary.events.DetectorEvent _ -> "detector";
            case dev.aviary.events.RouterDecision _, dev.aviary.events.RouterOutcome _ -> "router";
            case dev.aviary.events.AnalyzerEvent _ -> "analyzer";
            case dev.aviary.events.NotifierEvent _ -> "notifier";
        };
    }

    private static String asJson(Entry entry) {
        var line = new LinkedHashMap<String, Object>();
        line.put("at", entry.at().toString());
        line.put("canary", entry.canary().toString());
        line.put("partition", entry.partition());
        line.put("offset", entry.offset());
        line.put("id", entry.logged().id());
        line.put(
                "type",
                dev.aviary.eventlog.codec.WireTypes.of(entry.logged().event().getClass()));
        line.put("event", entry.logged().event());
        entry.logged().taken().ifPresent(taken -> line.put("taken", taken));
        try {
            return Json.mapper().writeValueAsString(line);
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
