package dev.aviary.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.aviary.cli.pipeline.Pipeline;
import dev.aviary.events.AlertDelivered;
import dev.aviary.events.CanaryDeleted;
import dev.aviary.events.GateDecided;
import dev.aviary.events.Promoted;
import dev.aviary.events.RevisionDetected;
import dev.aviary.events.RolloutEvent;
import dev.aviary.events.RolloutStarted;
import dev.aviary.events.StepStarted;
import dev.aviary.events.TargetRestored;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/// A canary stands in each phase of a rollout while each service is killed once. Each goes on from there as if
/// nothing had been.
@Isolated
class RestartST {
    private static final RealWorld WORLD = RealWorld.shared();

    /// The figure that is printed is the one to look at; a machine that does much else beside gets so long.
    private static final Duration BACK = Duration.ofSeconds(30);

    private static final String BEGUN = "InitializationStarted, TakeoverStarted";
    private static final String GATED = "RolloutStarted, GateRequested, ScaleUpStarted";
    private static final String STRAIGHT = "RolloutStarted, ScaleUpStarted, StepStarted 40, PromotionStarted";
    private static final String PROMOTED = "TrafficReturnStarted, DrainStarted, ScaleDownStarted, Promoted";
    private static final String TAKEN_BACK =
            "StepStarted 40, RollbackStarted, DrainStarted, ScaleDownStarted, RolledBack";

    /// Each canary by the phase that it is to stand in.
    private static final Map<String, String> STANDS = new TreeMap<>(Map.of(
            "initializing", "Initializing",
            "waiting", "Waiting",
            "starting", "Progressing",
            "stepping", "Progressing",
            "confirming", "WaitingPromotion",
            "promoting", "Promoting",
            "failed", "Failed",
            "succeeded", "Succeeded",
            "terminating", "Terminating"));

    /// Those that time alone moves on: they stand there for as long as the drain takes.
    private static final Map<String, String> DRAINS = Map.of("finalising", "Finalising", "returning", "Failed");

    private static PlainCanaries canaries;

    @BeforeAll
    static void prepared() {
        canaries = Prepared.take(Prepared.RESTART);
    }

    static PlainCanaries aCanaryForEachPhase() {
        var canaries = PlainCanaries.in(WORLD, "restart");
        canaries.apply("initializing", Map.of());
        canaries.notReady("initializing-primary", "v1");
        canaries.apply("waiting", Map.of("gate", "confirm-rollout"));
        canaries.apply("starting", Map.of());
        canaries.apply("stepping", Map.of("gate", "confirm-traffic-increase", "steps", "20, 60"));
        canaries.apply("confirming", Map.of("gate", "confirm-promotion"));
        canaries.apply("promoting", Map.of());
        canaries.apply("finalising", Map.of("drain", "45s"));
        canaries.apply("returning", Map.of("gate", "rollback", "drain", "45s"));
        canaries.apply("failed", Map.of("gate", "rollback"));
        canaries.apply("succeeded", Map.of("skip", "true"));
        canaries.apply("terminating", Map.of("revert", "true"));
        for (var service : Pipeline.SERVICES) {
            canaries.apply(news(service), Map.of("gate", "confirm-rollout", "skip", "true"));
            canaries.openGate(news(service));
        }
        Stream.concat(STANDS.keySet().stream(), DRAINS.keySet().stream())
                .filter(name -> !name.equals("initializing"))
                .forEach(name -> canaries.awaitPhase(name, "Initialized"));
        Pipeline.SERVICES.forEach(service -> canaries.awaitPhase(news(service), "Initialized"));
        return canaries;
    }

    @AfterAll
    static void noMoreGates() {
        canaries.close();
    }

    @Test
    void aKilledServiceGoesOnInEveryPhaseAndEachRolloutEndsAsItWouldHave() {
        try (var routes = RouteHistory.of(WORLD.kube(), canaries.namespace())) {
            eachInItsPhase();

            var back = new LinkedHashMap<String, Duration>();
            // The last word of a chain first: what it waits for isn't held up by the rollouts that the others set
            // going.
            back.put("notifier", killed("notifier", AlertDelivered.class::isInstance));
            back.put("router", killed("router", RolloutStarted.class::isInstance));
            back.put("analyzer", killed("analyzer", GateDecided.class::isInstance));
            back.put("detector", killed("detector", RevisionDetected.class::isInstance));
            System.out.printf("from the kill of a service to its next word: %s%n", back);

            letGo();
            Stream.of("waiting", "starting", "stepping", "confirming", "promoting", "finalising")
                    .forEach(name -> canaries.awaitEvent(name, Promoted.class::isInstance));
            Pipeline.SERVICES.forEach(service -> canaries.awaitEvent(news(service), Promoted.class::isInstance));
            canaries.awaitPhase("initializing", "Initialized");
            canaries.awaitEvent("terminating", TargetRestored.class::isInstance);
            await("terminating is gone").atMost(RealWorld.patience()).until(() -> canaries.isGone("terminating"));
            await("returning is over").atMost(RealWorld.patience()).until(() -> isOver("returning"));

            everythingOnce(routes);
            assertThat(back.values()).allSatisfy(took -> assertThat(took).isLessThan(BACK));
        }
    }

    private static void eachInItsPhase() {
        canaries.openGate("stepping");
        canaries.release("starting");
        Stream.of("waiting", "stepping", "confirming", "finalising", "returning", "failed", "succeeded")
                .forEach(canaries::releaseReady);
        canaries.ready("promoting", "v2"); // but not on the primary
        canaries.release("promoting");
        canaries.notReady("terminating", "v1");
        canaries.delete("terminating");
        Stream.of("stepping", "returning", "failed")
                .forEach(name -> canaries.awaitEvent(name, StepStarted.class::isInstance));
        canaries.closeGate("stepping");
        canaries.openGate("returning");
        canaries.openGate("failed");

        STANDS.forEach(canaries::awaitPhase);
        DRAINS.forEach(canaries::awaitPhase);
        canaries.awaitEvent("stepping", event -> event instanceof GateDecided gate && isClosed(gate));
    }

    private static boolean isClosed(GateDecided gate) {
        return gate.outcome() == GateDecided.Outcome.CLOSED;
    }

    /// While it is dead a new version comes.
    ///
    /// @param word of its own about that version
    /// @return from the kill to that word
    private static Duration killed(String service, Predicate<RolloutEvent> word) {
        STANDS.forEach((name, phase) -> assertThat(canaries.phase(name))
                .as("%s, before %s is killed", name, service)
                .isEqualTo(phase));
        var begin = Instant.now();
        var process = WORLD.pipeline().service(service);
        long pid = process.pid();
        process.kill();
        canaries.releaseReady(news(service));
        var said = canaries.awaitEntry(
                news(service),
                entry -> entry.at().isAfter(begin) && word.test(entry.logged().event()));
        await(service + " is ready").atMost(RealWorld.patience()).until(process::isReady);
        System.out.printf(
                "%s spoke %d ms after its kill, is ready after %d ms%n",
                service,
                Duration.between(begin, said.at()).toMillis(),
                Duration.between(begin, Instant.now()).toMillis());
        assertThat(process.pid()).isNotEqualTo(pid);
        return Duration.between(begin, said.at());
    }

    private static void letGo() {
        canaries.ready("initializing-primary", "v1");
        canaries.ready("starting", "v2");
        canaries.ready("starting-primary", "v2");
        canaries.ready("promoting-primary", "v2");
        canaries.ready("terminating", "v1");
        Stream.of("waiting", "stepping", "confirming").forEach(canaries::openGate);
    }

    private static boolean isOver(String name) {
        return PlainCanaries.decisions(name, canaries.heard(name)).contains("RolledBack");
    }

    private static void everythingOnce(RouteHistory routes) {
        var history = canaries.history();
        var decided = new TreeMap<String, List<String>>();
        decided.put("initializing", words(BEGUN));
        decided.put("waiting", words(BEGUN, GATED, "StepStarted 40, PromotionStarted", PROMOTED));
        decided.put("starting", words(BEGUN, STRAIGHT, PROMOTED));
        decided.put(
                "stepping",
                words(
                        BEGUN,
                        "RolloutStarted, ScaleUpStarted, GateRequested, StepStarted 20",
                        "GateRequested, StepStarted 60, PromotionStarted",
                        PROMOTED));
        decided.put(
                "confirming",
                words(
                        BEGUN,
                        "RolloutStarted, ScaleUpStarted, StepStarted 40, GateRequested, PromotionStarted",
                        PROMOTED));
        decided.put("promoting", words(BEGUN, STRAIGHT, PROMOTED));
        decided.put("finalising", words(BEGUN, STRAIGHT, PROMOTED));
        decided.put("returning", words(BEGUN, GATED, TAKEN_BACK));
        decided.put("failed", words(BEGUN, GATED, TAKEN_BACK));
        decided.put("succeeded", words(BEGUN, "RolloutStarted, ScaleUpStarted, PromotionStarted", PROMOTED));
        decided.put("terminating", words(BEGUN, "TerminationStarted, HandbackStarted"));
        for (var service : Pipeline.SERVICES) {
            decided.put(news(service), words(BEGUN, GATED, "PromotionStarted", PROMOTED));
        }
        decided.forEach((name, decisions) -> {
            assertThat(PlainCanaries.decisions(name, history)).as(name).isEqualTo(decisions);
            var seqs = PlainCanaries.seqs(name, history);
            assertThat(seqs)
                    .as(name)
                    .isEqualTo(LongStream.rangeClosed(1, seqs.size()).boxed().toList());
            assertThat(PlainCanaries.ids(name, history)).as(name).doesNotHaveDuplicates();
            assertThat(routes.weights(name)).as("route of " + name).isEqualTo(weights(decisions));
        });
        assertThat(history)
                .filteredOn(entry -> entry.canary().name().equals("terminating"))
                .filteredOn(entry -> entry.logged().event() instanceof CanaryDeleted)
                .hasSizeBetween(1, 2); // being deleted, and gone
    }

    /// Zero at first, each step's, and zero at the end.
    private static List<Integer> weights(List<String> decisions) {
        var steps = decisions.stream()
                .filter(word -> word.startsWith("StepStarted "))
                .map(word -> Integer.valueOf(word.substring("StepStarted ".length())))
                .toList();
        return steps.isEmpty()
                ? List.of(0)
                : Stream.of(List.of(0), steps, List.of(0)).flatMap(List::stream).toList();
    }

    private static List<String> words(String... parts) {
        return Stream.of(parts).flatMap(part -> Stream.of(part.split(", "))).toList();
    }

    private static String news(String service) {
        return "news-" + service;
    }
}
