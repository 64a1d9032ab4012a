package dev.aviary.notifier.alert;

import static dev.aviary.notifier.Samples.CHECKOUT;
import static dev.aviary.notifier.Samples.NOON;
import static dev.aviary.notifier.Samples.ROLLOUT;
import static dev.aviary.notifier.Samples.UID;
import static dev.aviary.notifier.Samples.known;
import static dev.aviary.notifier.Samples.spec;
import static dev.aviary.notifier.Samples.started;
import static dev.aviary.notifier.Samples.weights;
import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.events.*;
import dev.aviary.events.GateDecided.Outcome;
import dev.aviary.events.RollbackStarted.Cause;
import dev.aviary.events.ShadowDiffered.Course;
import dev.aviary.notifier.alert.Alert.Field;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class WordsTest {
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final List<String> SLOW = List.of("p99 is 2100, must be at most 500");

    /// An event, the alert that it becomes (`severity text`, or nothing) and the lines among the Canary's events.
    record Row(RolloutEvent event, String alert, String... notes) {
        @Override
        public String toString() {
            return event.getClass().getSimpleName() + " " + alert;
        }
    }

    static Stream<Row> table() {
        return Stream.of(seen(), decided(), came(), analysed(), told()).flatMap(each -> each);
    }

    private static Stream<Row> seen() {
        return Stream.of(
                new Row(new CanaryApplied(UID, 2, spec(weights("5"), false)), ""),
                new Row(
                        new CanaryApplied(
                                UID,
                                2,
                                spec(weights("5"), false)
                                        .with(Optional.of(ShadowSpec.refused("Canary shop/checkout: no policy.")))),
                        "",
                        "Warning Canary shop/checkout: no policy."),
                new Row(
                        new CanaryRejected(
                                "Canary shop/checkout", "spec.provider", "is \"x\"; known: istio", "It stays"),
                        "",
                        "Warning Canary shop/checkout: spec.provider is \"x\"; known: istio. It stays"),
                new Row(new CanaryDeleted(UID, false), ""),
                new Row(new RevisionDetected("v1:9f2c", Optional.empty(), List.of(), List.of(), new TreeMap<>()), ""),
                new Row(
                        workload(Optional.of("ImagePullBackOff: checkout:3")),
                        "",
                        "Warning checkout.shop not ready: ImagePullBackOff: checkout:3"),
                new Row(workload(Optional.empty()), ""),
                new Row(
                        new OperatorCommanded("1", OperatorCommanded.Verb.SKIP_STEP, "alice", "known flake"),
                        "",
                        "Normal Command skip-step by alice: \"known flake\""),
                new Row(
                        new RolloutLabelled("2", 3, RolloutLabelled.Outcome.BAD, "alice", "a customer called"),
                        "",
                        "Normal Rollout 3 labelled bad by alice: \"a customer called\""));
    }

    private static Stream<Row> decided() {
        return Stream.of(
                new Row(new InitializationStarted("v1:1111"), ""),
                new Row(new TakeoverStarted("v1:1111"), ""),
                new Row(started(spec(weights("5"), false)), ""),
                new Row(
                        new ScaleUpStarted(ROLLOUT, NOON),
                        "info New revision detected, progressing canary analysis.",
                        "Normal New revision detected! Scaling up checkout.shop"),
                new Row(
                        new StepStarted(ROLLOUT, 0, Percent.of("5"), Percent.ZERO, List.of(), NOON),
                        "",
                        "Normal Starting canary analysis for checkout.shop",
                        "Normal Advance checkout.shop canary weight 5"),
                new Row(
                        new StepStarted(ROLLOUT, 1, Percent.of("10"), Percent.ZERO, List.of(), NOON),
                        "",
                        "Normal Advance checkout.shop canary weight 10"),
                new Row(new GateRequested(ROLLOUT, HookKind.CONFIRM_ROLLOUT, -1), ""),
                new Row(
                        new StepHeld(ROLLOUT, 0, 3, 1, NOON, SLOW),
                        "",
                        "Warning Halt checkout.shop advancement p99 is 2100, must be at most 500"),
                new Row(
                        new PodReplacementStarted(
                                ROLLOUT, 0, "checkout-7f-a", "n1", NOON, NOON, List.of("6 of 6 failed")),
                        "warn Pod checkout-7f-a is suspect and is being replaced, the canary stays at its weight",
                        "Warning Replacing pod checkout-7f-a of checkout.shop: 6 of 6 failed"),
                new Row(
                        new PromotionStarted(ROLLOUT, 2, Percent.ALL, NOON, List.of("passed")),
                        "",
                        "Normal Copying checkout.shop template spec to checkout-primary.shop"),
                new Row(
                        new TrafficReturnStarted(ROLLOUT, Percent.ZERO, NOON),
                        "",
                        "Normal Routing all traffic to primary"),
                new Row(
                        new TrafficReturnStarted(ROLLOUT, Percent.of("60"), NOON),
                        "",
                        "Normal Advance checkout.shop primary weight 40"),
                new Row(
                        back(Cause.FAILED_CHECKS, SLOW.getFirst()),
                        "error Failed checks threshold reached 2",
                        "Warning Rolling back checkout.shop failed checks threshold reached 2: " + SLOW.getFirst()),
                new Row(
                        back(Cause.DEADLINE, "CrashLoopBackOff"),
                        "error Progress deadline exceeded",
                        "Warning Rolling back checkout.shop progress deadline exceeded CrashLoopBackOff"),
                new Row(
                        back(Cause.ROLLBACK_HOOK, "stop said so"),
                        "error Rolling back manual webhook invoked",
                        "Warning Rolling back checkout.shop manual webhook invoked: stop said so"),
                new Row(
                        back(Cause.ABORTED, "aborted by alice"),
                        "error Rolling back, aborted by a person",
                        "Warning Rolling back checkout.shop aborted by alice"),
                new Row(
                        new PromotionFailed(ROLLOUT, List.of("0 of 2 ready")),
                        "error Promotion failed, primary not ready: 0 of 2 ready",
                        "Warning Promotion of checkout.shop failed, primary not ready: 0 of 2 ready"),
                new Row(new DrainStarted(ROLLOUT, NOON), ""),
                new Row(new ScaleDownStarted(ROLLOUT), ""),
                new Row(
                        new Promoted(ROLLOUT, MINUTE, false),
                        "info Canary analysis completed successfully, promotion finished.",
                        "Normal Promotion completed! Scaling down checkout.shop"),
                new Row(
                        new Promoted(ROLLOUT, MINUTE, true),
                        "info Canary analysis was skipped, promotion finished.",
                        "Normal Promotion completed! Scaling down checkout.shop"),
                new Row(
                        new RolledBack(ROLLOUT, MINUTE, SLOW),
                        "",
                        "Warning Canary failed! Scaling down checkout.shop: p99 is 2100, must be at most 500"),
                new Row(
                        new Superseded(ROLLOUT, "v1:aaaa"),
                        "",
                        "Normal New revision detected! Restarting analysis for checkout.shop: v1:aaaa"),
                new Row(new TerminationStarted(), "", "Normal Terminating canary checkout.shop"),
                new Row(new HandbackStarted(), ""),
                new Row(
                        new CanaryParked("an unknown decision", "canary at 5 %", "upgrade, then retry"),
                        "error Canary is parked: an unknown decision",
                        "Warning Canary is parked: an unknown decision. canary at 5 %. upgrade, then retry"));
    }

    private static Stream<Row> came() {
        return Stream.of(
                new Row(
                        new PrimaryInitialized(1, false, Percent.ZERO, MINUTE),
                        "info New Deployment detected, initialization completed.",
                        "Normal Initialization done! checkout.shop"),
                new Row(
                        new PrimaryInitialized(1, true, Percent.ZERO, MINUTE),
                        "",
                        "Normal Initialization done! checkout.shop"),
                new Row(new CanaryScaled(2, 1, MINUTE), ""),
                new Row(
                        new PodRemoved(3, "checkout-7f-a", MINUTE),
                        "",
                        "Normal Removed pod checkout-7f-a of checkout.shop"),
                new Row(new TrafficShifted(3, Percent.of("5"), Percent.ZERO, MINUTE), ""),
                new Row(new PrimaryUpdated(4, "v1:9f2c", MINUTE), ""),
                new Row(new TargetRestored(5, MINUTE), "", "Normal Terminated canary checkout.shop"),
                new Row(
                        new WriteFailed(6, "HTTPRoute shop/checkout", "403", MINUTE),
                        "",
                        "Warning Writing HTTPRoute shop/checkout failed: 403. Next try in 60 s"),
                new Row(
                        new RouteChangedByHand(7, Percent.of("5"), Percent.of("50"), "kubectl-edit"),
                        "",
                        "Warning Route of checkout.shop changed by kubectl-edit: canary weight 50, was 5"),
                new Row(
                        new WentBlind(8, Percent.ZERO, MINUTE),
                        "warn Traffic went to the safe side: the event log couldn't be reached for 60 s, the canary"
                                + " has 0 %",
                        "Warning Event log not reached for 60 s, canary weight 0"));
    }

    private static Stream<Row> analysed() {
        return Stream.of(
                new Row(new MetricsMeasured(ROLLOUT, 0, 0, "q", new TreeMap<>(), List.of()), ""),
                new Row(new RequestsCounted(ROLLOUT, 0, 0, "q", new TreeMap<>()), ""),
                new Row(new CheckCompleted(ROLLOUT, 0, 0, Verdict.FAILED, List.of(), SLOW), ""),
                new Row(new CheckCompleted(ROLLOUT, 0, 0, Verdict.PASSED, List.of(), List.of()), ""),
                new Row(
                        new CheckCompleted(ROLLOUT, 0, 0, Verdict.PASSED, List.of(), List.of("p99 is 20")),
                        "",
                        "Normal Check of checkout.shop passed: p99 is 20"),
                new Row(
                        new CheckCompleted(ROLLOUT, 0, 0, Verdict.INCONCLUSIVE, List.of(), List.of("prometheus: 503")),
                        "",
                        "Warning Halt checkout.shop advancement, inconclusive: prometheus: 503"),
                new Row(
                        new GuardTripped(ROLLOUT, 0, 4, "p99", 5, 0.01, "p99: 3 of 3 slower than 500 ms"),
                        "",
                        "Warning Halt checkout.shop advancement p99: 3 of 3 slower than 500 ms"),
                new Row(
                        new BudgetSpent(ROLLOUT, 0, 4, "p99", 50, 50, "p99: 50 requests were slow", List.of()),
                        "",
                        "Warning Halt checkout.shop advancement p99: 50 requests were slow"),
                new Row(new TrafficMeasured(ROLLOUT, 300, MINUTE), ""),
                new Row(
                        new PodSuspected(
                                ROLLOUT,
                                0,
                                4,
                                "p99",
                                "checkout-7f-a",
                                "n1",
                                new GuardResult.Tally(6, 6),
                                new GuardResult.Tally(0, 14),
                                0.0001,
                                8,
                                0.001,
                                "p99: 6 of 6 requests to pod checkout-7f-a",
                                List.of()),
                        "",
                        "Warning Halt checkout.shop advancement p99: 6 of 6 requests to pod checkout-7f-a"),
                new Row(new EvidenceRecorded(ROLLOUT, 0, List.of()), ""),
                new Row(
                        new ShadowDiffered(
                                ROLLOUT, 0, 4, Course.PASSED, Course.FAILED, "the check would have failed: p99 is 490"),
                        "",
                        "Normal Shadow policy: the check would have failed: p99 is 490"),
                new Row(
                        gate(HookKind.CONFIRM_ROLLOUT, Outcome.CLOSED, "ask"),
                        "warn Canary is waiting for approval.",
                        "Warning Halt checkout.shop advancement waiting for approval ask: 403"),
                new Row(
                        gate(HookKind.CONFIRM_ROLLOUT, Outcome.CLOSED, "quiet"),
                        "",
                        "Warning Halt checkout.shop advancement waiting for approval quiet: 403"),
                new Row(
                        gate(HookKind.CONFIRM_TRAFFIC_INCREASE, Outcome.FAILED, "ask"),
                        "warn Canary traffic increase is waiting for approval.",
                        "Warning Halt checkout.shop advancement waiting for traffic increase approval ask: 403"),
                new Row(
                        gate(HookKind.CONFIRM_PROMOTION, Outcome.CLOSED, "ask"),
                        "warn Canary promotion is waiting for approval.",
                        "Warning Halt checkout.shop advancement waiting for promotion approval ask: 403"),
                new Row(
                        gate(HookKind.PRE_ROLLOUT, Outcome.OPENED, "smoke"),
                        "",
                        "Normal Pre-rollout check smoke passed"),
                new Row(
                        gate(HookKind.PRE_ROLLOUT, Outcome.FAILED, "smoke"),
                        "",
                        "Warning Halt checkout.shop advancement pre-rollout check failed smoke: 403"),
                new Row(
                        gate(HookKind.ROLLBACK, Outcome.OPENED, "stop"),
                        "",
                        "Warning Rolling back checkout.shop manual webhook stop invoked"),
                new Row(gate(HookKind.ROLLBACK, Outcome.CLOSED, "stop"), ""));
    }

    private static Stream<Row> told() {
        return Stream.of(
                new Row(new AlertDelivered("1", "shop/slack", 1), ""),
                new Row(
                        new AlertFailed("1", "shop/slack", 3, "it answered 404"),
                        "",
                        "Warning Alert to shop/slack given up after 3 tries: it answered 404"));
    }

    @ParameterizedTest
    @MethodSource("table")
    void anEventIsToldInFlaggersWords(Row row) {
        var alert = Alerts.of(CHECKOUT, row.event(), known());

        assertThat(alert.map(of -> of.severity().word() + " " + of.text()).orElse(""))
                .isEqualTo(row.alert());
        assertThat(Notes.of(CHECKOUT, row.event(), known()).stream().map(note -> note.type() + " " + note.text()))
                .containsExactly(row.notes());
    }

    @Test
    void everyEventHasARow() {
        assertThat(table().<Class<?>>map(row -> row.event().getClass())
                        .distinct()
                        .toList())
                .containsExactlyInAnyOrderElementsOf(events(RolloutEvent.class).toList());
    }

    @Test
    void theGuardsSentenceStandsInTheEventAndInTheAlert() {
        var sentence =
                "p99: 23 of 41 requests took longer than 500 ms, where 1 in 100 may: proven 2.1 s after the first one;"
                        + " chance of a false alarm at most 0.1 %";
        var tripped = new GuardTripped(ROLLOUT, 0, 4, "p99", 9, 0.001, sentence);
        var back = new RollbackStarted(ROLLOUT, 0, Cause.GUARD, 0, Percent.ZERO, List.of(tripped.reason()));

        assertThat(Notes.of(CHECKOUT, tripped, known()))
                .singleElement()
                .satisfies(note -> assertThat(note.text()).contains(sentence));
        assertThat(Alerts.of(CHECKOUT, back, known()).orElseThrow().fields()).contains(new Field("Why", sentence));
    }

    /// Flagger alerts of none but the first (fluxcd/flagger#1663).
    @Test
    void everyCauseOfARollbackIsAnAlertWithItsReason() {
        for (var cause : Cause.values()) {
            var event = new RollbackStarted(ROLLOUT, 0, cause, 1, Percent.ZERO, List.of("because", "and because"));

            var alert = Alerts.of(CHECKOUT, event, known()).orElseThrow();

            assertThat(alert.severity())
                    .as(cause.name())
                    .isEqualTo(cause == Cause.TARGET_REVERTED ? Severity.WARN : Severity.ERROR);
            assertThat(alert.fields()).contains(new Field("Why", "because\nand because"));
        }
    }

    @Test
    void theFirstAlertsSayWhatWillBeDone() {
        var alert =
                Alerts.of(CHECKOUT, new ScaleUpStarted(ROLLOUT, NOON), known()).orElseThrow();

        assertThat(alert.fields())
                .containsExactly(
                        new Field("Cluster", "eu"),
                        new Field("Target", "Deployment/checkout.shop"),
                        new Field("Failed checks threshold", "2"),
                        new Field("Progress deadline", "45s"),
                        new Field("Traffic routing", "Weight steps: 5,10,50 max: 50"));
    }

    @Test
    void trafficRoutingIsNamedByTheStrategy() {
        assertThat(routing(weights("10", "20", "30"))).isEqualTo("Weight step: 10 max: 30");
        assertThat(routing(new Strategy.BlueGreen(3))).isEqualTo("Blue/Green");
        assertThat(routing(new Strategy.AbTesting(3, List.of()))).isEqualTo("A/B Testing");
    }

    @Test
    void iterationsAreCounted() {
        var known = known(spec(new Strategy.BlueGreen(3), false))
                .hear(new StepStarted(ROLLOUT, 0, Percent.ZERO, Percent.ZERO, List.of(), NOON));
        var passed = new CheckCompleted(ROLLOUT, 0, 0, Verdict.PASSED, List.of(), List.of());

        assertThat(Notes.of(CHECKOUT, passed, known.hear(passed)))
                .containsExactly(new Note(false, "Advance checkout.shop canary iteration 2/3"));
    }

    @Test
    void whoWantsFlaggersReasonGetsIt() {
        assertThat(known(spec(weights("5"), true)).reason()).isEqualTo("Synced");
        assertThat(known().hear(new ScaleUpStarted(ROLLOUT, NOON)).reason()).isEqualTo("Progressing");
    }

    private static RollbackStarted back(Cause cause, String why) {
        return new RollbackStarted(ROLLOUT, 0, cause, 2, Percent.ZERO, List.of(why));
    }

    private static WorkloadChanged workload(Optional<String> stuck) {
        return new WorkloadChanged("checkout", WorkloadChanged.Role.TARGET, true, "v1:9f2c", Replicas.NONE, stuck);
    }

    private static GateDecided gate(HookKind kind, Outcome outcome, String hook) {
        return new GateDecided(ROLLOUT, kind, -1, 0, outcome, hook, Optional.of(403), "403");
    }

    private static String routing(Strategy strategy) {
        return Alerts.of(CHECKOUT, new ScaleUpStarted(ROLLOUT, NOON), known(spec(strategy, false)))
                .orElseThrow()
                .fields()
                .getLast()
                .value();
    }

    private static Stream<Class<?>> events(Class<?> sealed) {
        return sealed.isRecord()
                ? Stream.of(sealed)
                : Arrays.stream(sealed.getPermittedSubclasses()).flatMap(WordsTest::events);
    }
}
