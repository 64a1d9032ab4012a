package dev.aviary.cli.story;

import dev.aviary.events.*;

/// Colour where it is a terminal, and none elsewhere or with `NO_COLOR`.
public final class Colours {
    @SuppressWarnings("SystemConsoleNull") // it is null where there is none, whatever the JDK
    private static final boolean TERMINAL =
            System.console() != null && System.console().isTerminal() && !"dumb".equals(System.getenv("TERM"));

    private static final boolean ON = TERMINAL && System.getenv("NO_COLOR") == null;

    private Colours() {}

    /// It can be written over, with or without colour.
    public static boolean terminal() {
        return TERMINAL;
    }

    public static String of(RolloutEvent event, String text) {
        return switch (event) {
            case RollbackStarted _,
                    RolledBack _,
                    PromotionFailed _,
                    GuardTripped _,
                    BudgetSpent _,
                    CanaryParked _,
                    CanaryRejected _ -> red(text);
            case WriteFailed _,
                    StepHeld _,
                    PodSuspected _,
                    PodReplacementStarted _,
                    AlertFailed _,
                    WentBlind _,
                    RouteChangedByHand _ -> yellow(text);
            case CheckCompleted check ->
                switch (check.verdict()) {
                    case PASSED -> green(text);
                    case FAILED -> red(text);
                    case INCONCLUSIVE -> yellow(text);
                };
            case Promoted _, PromotionStarted _ -> green(text);
            case StepStarted _, RolloutStarted _ -> bold(text);
            default -> text;
        };
    }

    public static String red(String text) {
        return painted("31", text);
    }

    public static String green(String text) {
        return painted("32", text);
    }

    public static String yellow(String text) {
        return painted("33", text);
    }

    public static String bold(String text) {
        return painted("1", text);
    }

    public static String dim(String text) {
        return painted("2", text);
    }

    private static String painted(String code, String text) {
        return ON ? "\u001b[%sm%s\u001b[0m".formatted(code, text) : text;
    }
}
