package dev.aviary.cli.live;

import dev.aviary.cli.story.Colours;
import dev.aviary.decisions.rollout.CanaryStatus;
import dev.aviary.decisions.rollout.RolloutState.Phase;
import dev.aviary.decisions.rollout.RolloutState.Run;
import dev.aviary.events.GuardResult;
import dev.aviary.events.GuardResult.State;
import dev.aviary.events.GuardResult.Tally;
import dev.aviary.events.Percent;
import dev.aviary.events.Plan;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// One canary on a few lines: where it stands, who has the traffic, what the guard knows. Pure: the same state at the
/// same instant gives the same lines.
final class Panel {
    private static final int LABELS = 11;
    private static final int SHARES = 28;
    private static final int EVIDENCE = 12;
    private static final int EDGE = 3;

    private final Seen seen;
    private final Instant now;
    private final int width;
    private final Glyphs glyphs;
    private final CanaryStatus status;
    private final List<String> lines = new ArrayList<>();

    private Panel(Seen seen, Instant now, int width, Glyphs glyphs) {
        this.seen = seen;
        this.now = now;
        this.width = width;
        this.glyphs = glyphs;
        this.status = CanaryStatus.of(seen.rollout());
    }

    static List<String> lines(Seen seen, Instant now, int width, Glyphs glyphs) {
        var panel = new Panel(seen, now, width, glyphs);
        panel.heading();
        panel.images();
        panel.steps();
        panel.shares();
        panel.guard();
        panel.reasons();
        return List.copyOf(panel.lines);
    }

    private Line line() {
        return new Line(width);
    }

    private void done(Line line) {
        lines.add(line.toString());
    }

    private void heading() {
        var right = seen.run()
                .map(run -> " rollout %d%s ".formatted(run.id().number(), took()))
                .orElse("");
        var line = line().add(glyphs.rule().repeat(EDGE) + " ", Colours::dim)
                .add(seen.canary().namespace() + "/" + seen.canary().name(), Colours::bold)
                .add("  ")
                .add(phase(), colour());
        int rest = width - line.used() - right.length() - EDGE - 1;
        if (rest > 0) {
            line.add(" " + glyphs.rule().repeat(rest), Colours::dim)
                    .add(right)
                    .add(glyphs.rule().repeat(EDGE), Colours::dim);
        }
        done(line);
    }

    private String phase() {
        boolean back = seen.rollout().phase() instanceof Phase.RollingBack;
        return status.phase().word()
                + (back ? ", going back" : "")
                + (seen.rollout().paused() ? ", paused" : "");
    }

    private UnaryOperator<String> colour() {
        return switch (status.phase()) {
            case FAILED -> Colours::red;
            case SUCCEEDED, INITIALIZED -> Colours::green;
            case PROGRESSING -> seen.rollout().phase() instanceof Phase.RollingBack ? Colours::red : Colours::yellow;
            case INITIALIZING, WAITING, WAITING_PROMOTION, PROMOTING, FINALISING, TERMINATING -> Colours::yellow;
        };
    }

    private String took() {
        return seen.took(now)
                .map(time -> " %s %s".formatted(glyphs.dot(), seconds(time)))
                .orElse("");
    }

    /// And how many checks have failed, where there is room for it.
    private void images() {
        var from = String.join(", ", seen.before());
        var to = String.join(", ", seen.images());
        var known = String.join(", ", seen.rollout().known().images());
        if (to.isEmpty() && known.isEmpty()) {
            return; // a log that begins in the middle
        }
        var line = line().add(" ");
        if (to.isEmpty()) {
            line.add(known);
        } else if (from.isEmpty() || from.equals(to)) {
            line.add(to);
        } else {
            line.add(from + " ").add(glyphs.arrow(), Colours::dim).add(" " + to);
        }
        seen.run().ifPresent(run -> line.right(checks(run), Colours::dim));
        done(line);
    }

    private void steps() {
        var run = seen.run();
        if (run.isEmpty()) {
            return;
        }
        var line = line().add(" steps").to(LABELS);
        var names = run.get().plan().steps().stream().map(this::name).toList();
        int first = firstShown(names, width - LABELS);
        if (first > 0) {
            line.add("%s %s ".formatted(glyphs.ellipsis(), glyphs.link()), Colours::dim);
        }
        for (int step = first; step < names.size(); step++) {
            line.add(marked(step, names.get(step)), colour(step)).add(" " + glyphs.link() + " ", Colours::dim);
        }
        line.add(promoted() ? glyphs.done() + " primary" : "primary", promoted() ? Colours::green : Colours::dim);
        done(line);
    }

    private String name(Plan.Step step) {
        if (step.checks() > 1) {
            return "%d checks".formatted(step.checks());
        }
        return (step.canary().equals(Percent.ZERO) ? step.mirror() : step.canary()) + " %";
    }

    /// Of many steps those about the one under way are shown.
    private int firstShown(List<String> names, int room) {
        int first = 0;
        int needed = names.stream().mapToInt(name -> name.length() + 5).sum() + "x primary".length();
        while (needed > room && first < Math.max(seen.step(), 0)) {
            needed -= names.get(first).length() + 5;
            first++;
        }
        return first;
    }

    private String marked(int step, String name) {
        if (step > seen.step()) {
            return name;
        }
        return (isDone(step) ? glyphs.done() : isTakenBack() ? glyphs.failed() : glyphs.current()) + " " + name;
    }

    private UnaryOperator<String> colour(int step) {
        if (step > seen.step()) {
            return Colours::dim;
        }
        return isDone(step) ? Colours::green : isTakenBack() ? Colours::red : Colours::bold;
    }

    private boolean isDone(int step) {
        return step < seen.step()
                || promoted()
                || (step == seen.step() && seen.rollout().phase() instanceof Phase.Promoting);
    }

    private boolean promoted() {
        return status.phase() == CanaryStatus.Phase.SUCCEEDED;
    }

    private boolean isTakenBack() {
        return status.phase() == CanaryStatus.Phase.FAILED || seen.rollout().phase() instanceof Phase.RollingBack;
    }

    private String checks(Run run) {
        var failed = "failed checks %d of %d"
                .formatted(run.failedChecks(), run.plan().spec().threshold());
        return seen.nextCheck()
                .map(due -> Duration.between(now, due))
                .filter(left -> !left.isNegative())
                .map(left -> "%s %s next in %d s"
                        .formatted(failed, glyphs.dot(), left.plusMillis(999).toSeconds()))
                .orElse(failed);
    }

    private void shares() {
        var canary = seen.rollout().confirmed().canary();
        var traffic = seen.traffic(now);
        share("canary", canary, traffic.map(Seen.Traffic::canary), isTakenBack() ? Colours::red : Colours::yellow);
        share("primary", canary.rest(), traffic.map(Seen.Traffic::primary), Colours::green);
    }

    private void share(String side, Percent share, Optional<Double> perSecond, UnaryOperator<String> colour) {
        var bar = glyphs.bar(share.basisPoints() / 100_00.0, SHARES);
        int full = bar.lastIndexOf(glyphs.full()) + 1;
        var line = line().add(" " + side)
                .to(LABELS)
                .add(bar.substring(0, full), colour)
                .add(bar.substring(full), Colours::dim)
                .add("%6s %%".formatted(share));
        perSecond.ifPresent(rate -> line.add("%10s requests/s".formatted(decimal(rate))));
        done(line);
    }

    private void guard() {
        if (seen.guard().isEmpty()) {
            return;
        }
        int names = names();
        done(line().add(" guard", Colours::dim)
                .to(names)
                .add("%-17s %-17s ".formatted("canary", "primary"), Colours::dim)
                .add("evidence of harm", Colours::dim));
        seen.guard().forEach(metric -> guard(metric, names));
    }

    /// Where the numbers begin.
    private int names() {
        int longest = seen.guard().stream()
                .mapToInt(one -> one.metric().length())
                .max()
                .orElse(0);
        return Math.clamp(longest + 3L, LABELS, LABELS * 2);
    }

    private void guard(GuardResult metric, int names) {
        var name = metric.metric().length() > names - 3
                ? metric.metric().substring(0, names - 3 - glyphs.ellipsis().length()) + glyphs.ellipsis()
                : metric.metric();
        var line = line().add(" ").add(name).to(names);
        switch (metric.state()) {
            case THRESHOLD_ONLY -> line.add("its value alone is checked", Colours::dim);
            case NO_DATA -> line.add("couldn't be counted at the last look", Colours::yellow);
            case NO_TRAFFIC -> line.add("no requests to judge yet", Colours::dim);
            case HEALTHY, FAILING ->
                line.add(
                                "%-17s ".formatted(tally(metric.canary())),
                                metric.canary().failures() > 0 ? Colours::red : Colours::green)
                        .add("%-17s ".formatted(tally(metric.primary())))
                        .add(glyphs.bar(evidence(metric), EVIDENCE), evidenceColour(metric))
                        .add(" " + proven(metric), evidenceColour(metric));
        }
        done(line);
    }

    private static String tally(Tally tally) {
        return tally.total() == 0
                ? "-"
                : "%d/%d %s %%"
                        .formatted(tally.failures(), tally.total(), decimal(100.0 * tally.failures() / tally.total()));
    }

    /// On the scale of the logarithm, on which it grows evenly: 1 where it suffices.
    private static double evidence(GuardResult metric) {
        return metric.boundEvidence() / -Math.log(metric.alpha());
    }

    private static String proven(GuardResult metric) {
        return metric.state() == State.FAILING
                ? "proven"
                : "%d %%".formatted(Math.round(100 * Math.clamp(evidence(metric), 0, 1)));
    }

    private static UnaryOperator<String> evidenceColour(GuardResult metric) {
        return metric.state() == State.FAILING ? Colours::red : evidence(metric) > 0.3 ? Colours::yellow : Colours::dim;
    }

    private void reasons() {
        var why = switch (seen.rollout().phase()) {
            case Phase.Idle idle -> idle.why();
            case Phase.RollingBack back -> back.reasons();
            case Phase.Parked parked -> List.of(parked.why());
            default -> List.<String>of();
        };
        wrapped(String.join("; ", why))
                .forEach(line -> done(line().add(" ").add(line, promoted() ? Colours::green : Colours::red)));
        seen.rollout()
                .known()
                .trouble()
                .ifPresent(trouble -> done(line().add(" last write failed: " + trouble, Colours::yellow)));
    }

    /// At its words, on two lines at most; `audit` has all of it.
    private List<String> wrapped(String text) {
        int room = width - 1;
        if (text.length() <= room) {
            return text.isEmpty() ? List.of() : List.of(text);
        }
        int end = Math.max(text.lastIndexOf(' ', room), 1);
        var rest = text.substring(end).strip();
        int cut = Math.max(room - glyphs.ellipsis().length(), 0);
        return List.of(
                text.substring(0, end), rest.length() <= room ? rest : rest.substring(0, cut) + glyphs.ellipsis());
    }

    private static String decimal(double number) {
        return number == 0 || number >= 100 ? "%.0f".formatted(number) : String.format(Locale.ROOT, "%.1f", number);
    }

    private static String seconds(Duration time) {
        long seconds = Math.max(0, time.toSeconds());
        return seconds < 100 ? seconds + " s" : "%d min %02d s".formatted(seconds / 60, seconds % 60);
    }
}
