package dev.aviary.cli.live;

import dev.aviary.cli.story.Entry;
import dev.aviary.events.CanaryKey;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// Draws the canaries that it hears of, a panel each, four times a second.
public final class View implements AutoCloseable {
    private static final Duration EVERY = Duration.ofMillis(250);

    private final Screen screen;
    private final InstantSource clock;
    private final SortedMap<CanaryKey, Seen> seen = new TreeMap<>();
    private final ScheduledExecutorService drawing = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("view").factory());

    public View(Screen screen, InstantSource clock) {
        this.screen = screen;
        this.clock = clock;
    }

    /// From now on it draws.
    public void start() {
        if (screen.isLive()) {
            var _ = drawing.scheduleAtFixedRate(this::draw, 0, EVERY.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    /// One more record, of the log or of the measurements.
    public synchronized void hear(Entry entry) {
        seen.merge(entry.canary(), Seen.first(entry.canary()).heard(entry), (before, _) -> before.heard(entry));
    }

    private void draw() {
        screen.show(lines());
    }

    synchronized List<String> lines() {
        var now = clock.instant();
        return seen.values().stream()
                .flatMap(one ->
                        Stream.concat(Stream.of(""), Panel.lines(one, now, screen.width(), screen.glyphs()).stream()))
                .toList();
    }

    @Override
    public void close() {
        drawing.shutdownNow();
        if (screen.isLive()) {
            draw();
        }
    }
}
