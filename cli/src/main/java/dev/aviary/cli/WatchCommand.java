package dev.aviary.cli;

import dev.aviary.cli.live.Screen;
import dev.aviary.cli.live.View;
import dev.aviary.cli.story.Colours;
import dev.aviary.cli.story.Entry;
import dev.aviary.cli.story.LogReader;
import dev.aviary.cli.story.Story;
import dev.aviary.eventlog.topics.LogConnection;
import dev.aviary.events.RolloutStarted;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "watch",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = {
            "Shows a canary as it is and as it goes on: its steps, who has the traffic, what the guard knows.",
            "ctrl-C ends it; the rollout goes on."
        })
final class WatchCommand implements Callable<Integer> {
    private static final int LAST = 8;
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("HH:mm:ss").withZone(ZoneId.systemDefault());

    @Parameters(index = "0", paramLabel = "NAMESPACE/NAME")
    String canary = "";

    @Option(names = "--plain", description = "One line an event, as where it is no terminal.")
    boolean plain;

    @Mixin
    LogOptions log = new LogOptions();

    private Instant rollout = Instant.EPOCH;
    private boolean known;
    private Optional<Deque<String>> earlier = Optional.of(new ArrayDeque<>());

    @Override
    public Integer call() throws InterruptedException {
        var name = CanaryName.of(canary);
        var kafka = log.connection();
        try (var screen = Screen.of(plain);
                var view = new View(screen, InstantSource.system())) {
            Consumer<Entry> heard = entry -> {
                if (entry.canary().namespace().equals(name.namespace())
                        && entry.canary().name().equals(name.name())) {
                    view.hear(entry);
                    tell(entry, screen);
                }
            };
            follow(kafka, log.topics().rolloutEvents(), Instant.EPOCH, heard);
            if (!known) {
                throw new Problem("the log has nothing about %s.".formatted(canary));
            }
            follow(kafka, log.topics().measurements(), tellEarlier(screen), heard);
            view.start();
            new CountDownLatch(1).await(); // until ctrl-C
            return 0;
        }
    }

    /// Returns when everything that is there was heard; what comes is heard then.
    private static void follow(LogConnection kafka, String topic, Instant since, Consumer<Entry> heard)
            throws InterruptedException {
        var there = new CountDownLatch(1);
        Thread.ofVirtual()
                .name(topic)
                .start(() -> new LogReader(kafka, topic).since(since, () -> false, there::countDown, heard));
        there.await();
    }

    /// @return since when the last rollout is under way
    private synchronized Instant tellEarlier(Screen screen) {
        earlier.ifPresent(lines -> lines.forEach(screen::tell));
        earlier = Optional.empty();
        return rollout;
    }

    private synchronized void tell(Entry entry, Screen screen) {
        known = true;
        var event = entry.logged().event();
        if (event instanceof RolloutStarted) {
            rollout = entry.at();
            earlier.ifPresent(Deque::clear);
        }
        Story.line(event).ifPresent(words -> {
            var line = Colours.dim(TIME.format(entry.at())) + "  " + Colours.of(event, words);
            earlier.ifPresentOrElse(
                    lines -> {
                        lines.add(line);
                        if (lines.size() > LAST) {
                            lines.removeFirst();
                        }
                    },
                    () -> screen.tell(line));
        });
    }
}
