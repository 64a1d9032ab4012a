package dev.aviary.detector.watch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.detector.watch.Seen.Command;
import dev.aviary.detector.watch.Seen.Leaving;
import dev.aviary.events.CanaryApplied;
import dev.aviary.events.CanaryDeleted;
import dev.aviary.events.CanaryRejected;
import dev.aviary.events.CanarySpec;
import dev.aviary.events.DetectorEvent;
import dev.aviary.events.OperatorCommanded;
import dev.aviary.events.Percent;
import dev.aviary.events.Replicas;
import dev.aviary.events.RevisionDetected;
import dev.aviary.events.RolloutLabelled;
import dev.aviary.events.Strategy;
import dev.aviary.events.WorkloadChanged;
import dev.aviary.events.WorkloadChanged.Role;
import dev.aviary.events.WorkloadRef;
import dev.aviary.flagger.CanarySpecs.Rejected;
import dev.aviary.flagger.CanarySpecs.Resolution;
import dev.aviary.flagger.CanarySpecs.Resolved;
import dev.aviary.flagger.Revision;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpecBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class NewsTest {
    private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");
    private static final WorkloadChanged TARGET = new WorkloadChanged(
            "checkout", Role.TARGET, true, revision("1").name(), new Replicas(1, 1, 1, 1, true), Optional.empty());
    private static final WorkloadChanged NO_PRIMARY =
            new WorkloadChanged("checkout-primary", Role.PRIMARY, false, "", Replicas.NONE, Optional.empty());
    private static final CanaryRejected REJECTED =
            new CanaryRejected("Canary shop/checkout", "spec.provider", "is \"x\"", "What was applied before goes on");

    private Said said = Said.NOTHING;

    @Test
    void aNewCanaryIsSaidWholeOnce() {
        assertThat(hear(seen()))
                .containsExactly(
                        new CanaryApplied("uid-1", 1, spec(false)),
                        new RevisionDetected(
                                revision("1").name(),
                                Optional.empty(),
                                List.of("shop/checkout:1"),
                                List.of(),
                                new TreeMap<>()),
                        TARGET);
        assertThat(hear(seen())).isEmpty();
    }

    @Test
    void aNewTemplateIsANewRevisionInWords() {
        hear(seen());

        var news = News.of(Optional.of(seen("2")), said, Optional.of(revision("1")), NOW);

        assertThat(news).singleElement().isInstanceOfSatisfying(RevisionDetected.class, detected -> {
            assertThat(detected.sameAs()).isEmpty();
            assertThat(detected.changed()).containsExactly("container app: image shop/checkout:1 → shop/checkout:2");
        });
    }

    @Test
    void afterARestartWhatChangedIsKnownFromTheLog() {
        hear(seen());

        assertThat(hear(seen("2")))
                .singleElement()
                .isInstanceOfSatisfying(
                        RevisionDetected.class,
                        detected -> assertThat(detected.changed())
                                .containsExactly("images shop/checkout:1 → shop/checkout:2"));
    }

    @Test
    void goingBackToAnEarlierRevisionIsNewsToo() {
        hear(seen());
        hear(seen("2"));

        assertThat(hear(seen("1")))
                .hasOnlyElementsOfType(RevisionDetected.class)
                .hasSize(1);
    }

    @Test
    void anotherHashOfTheSameContentIsNoNewRevision() {
        hear(seen());
        said = said.and(
                new RevisionDetected(
                        "v0:abc", Optional.empty(), List.of("shop/checkout:1"), List.of(), new TreeMap<>()),
                NOW);

        assertThat(hear(seen()))
                .singleElement()
                .isInstanceOfSatisfying(
                        RevisionDetected.class,
                        detected -> assertThat(detected.sameAs()).contains("v0:abc"));
    }

    @Test
    void aRejectionIsSaidOnceAndEndsWhenItIsPutRight() {
        hear(seen());

        assertThat(hear(with(new Rejected(REJECTED)))).containsExactly(REJECTED);
        assertThat(hear(with(new Rejected(REJECTED)))).isEmpty();
        assertThat(hear(seen())).containsExactly(new CanaryApplied("uid-1", 1, spec(false)));
        assertThat(hear(seen())).isEmpty();
    }

    @Test
    void aCanaryThatNeverMadeSenseIsOnlyRejected() {
        assertThat(hear(with(new Rejected(REJECTED)))).containsExactly(REJECTED);
        assertThat(hear(with(new Rejected(REJECTED)))).isEmpty();
    }

    @Test
    void whileItIsRejectedWhatWasAppliedGoesOn() {
        hear(seen());

        var rejected = new Seen(
                "uid-1",
                2,
                Leaving.NO,
                new Rejected(REJECTED),
                Optional.of(new Revision.Known(revision("2"))),
                List.of(TARGET),
                Optional.empty());

        assertThat(hear(rejected)).hasExactlyElementsOfTypes(CanaryRejected.class, RevisionDetected.class);
    }

    @Test
    void aCanaryThatIsGoneIsSaidOnce() {
        hear(seen());

        assertThat(hear(Optional.empty())).containsExactly(new CanaryDeleted("uid-1", false));
        assertThat(hear(Optional.empty())).isEmpty();
    }

    @Test
    void theFinalizerAsksForTheTargetToServeAgain() {
        hear(seen());

        assertThat(hear(leaving(Leaving.AFTER_REVERT, TARGET))).containsExactly(new CanaryDeleted("uid-1", true));
        var scaled = new WorkloadChanged(
                "checkout", Role.TARGET, true, revision("1").name(), new Replicas(2, 2, 1, 2, true), Optional.empty());
        assertThat(hear(leaving(Leaving.AFTER_REVERT, scaled))).containsExactly(scaled);
        assertThat(hear(Optional.empty())).isEmpty();
    }

    @Test
    void deletedAndMadeAnewWhileNobodyLookedIsAnother() {
        hear(seen());

        assertThat(hear(another()))
                .hasExactlyElementsOfTypes(
                        CanaryDeleted.class, CanaryApplied.class, RevisionDetected.class, WorkloadChanged.class);
        assertThat(hear(another())).isEmpty();
    }

    @Test
    void aPrimaryThatIsGoneIsNewsOneThatIsYetToBeMadeIsNot() {
        hear(seen());
        var primary = new WorkloadChanged(
                "checkout-primary", Role.PRIMARY, true, "v1:1", new Replicas(1, 1, 1, 1, true), Optional.empty());

        assertThat(hear(with(List.of(TARGET, NO_PRIMARY)))).isEmpty();
        assertThat(hear(with(List.of(TARGET, primary)))).containsExactly(primary);
        assertThat(hear(with(List.of(TARGET, NO_PRIMARY)))).containsExactly(NO_PRIMARY);
    }

    @Test
    void aMissingConfigLeavesTheRevisionAsItWas() {
        hear(seen());

        var missing = new Seen(
                "uid-1",
                1,
                Leaving.NO,
                new Resolved(spec(false), List.of()),
                Optional.of(new Revision.Missing("configmap/checkout")),
                List.of(TARGET),
                Optional.empty());

        assertThat(hear(missing)).isEmpty();
    }

    @Test
    void aCommandIsSaidOnceByItsId() {
        hear(seen());

        assertThat(hear(with(command("1", NOW))))
                .containsExactly(new OperatorCommanded("1", OperatorCommanded.Verb.PAUSE, "alice", "looks wrong"));
        assertThat(hear(with(command("1", NOW)))).isEmpty();
        assertThat(hear(with(command("2", NOW)))).hasSize(1);
    }

    @Test
    void aCommandOlderThanTheLogIsNotGivenAgain() {
        hear(with(command("1", NOW.minusSeconds(3600))));

        assertThat(hear(with(command("1", NOW.minusSeconds(3600))))).isEmpty();
        assertThat(said.command()).isEmpty();
    }

    @Test
    void aCommandThatComesWithTheCanaryIsHeard() {
        assertThat(hear(with(command("1", NOW.minusSeconds(1)))).getLast()).isInstanceOf(OperatorCommanded.class);
    }

    @Test
    void aManifestDoesNotBringACommandBack() {
        hear(seen());
        hear(with(command("1", NOW)));
        hear(Optional.empty());

        assertThat(hear(new Seen(
                        "uid-2",
                        1,
                        Leaving.NO,
                        new Resolved(spec(false), List.of()),
                        Optional.empty(),
                        List.of(),
                        Optional.of(command("1", NOW.plusSeconds(60))))))
                .hasOnlyElementsOfType(CanaryApplied.class);
    }

    @Test
    void anUnknownCommandIsNone() {
        hear(seen());

        assertThat(hear(with(new Command("1", "stop", "alice", "", "", "", Optional.of(NOW)))))
                .isEmpty();
    }

    @Test
    void aLabelIsSaidOnceByItsId() {
        hear(seen());

        assertThat(hear(with(label("1", "3", "bad"))))
                .containsExactly(
                        new RolloutLabelled("1", 3, RolloutLabelled.Outcome.BAD, "alice", "a customer called"));
        assertThat(hear(with(label("1", "3", "bad")))).isEmpty();
        assertThat(hear(with(label("2", "3", "good"))))
                .containsExactly(
                        new RolloutLabelled("2", 3, RolloutLabelled.Outcome.GOOD, "alice", "a customer called"));
    }

    @Test
    void whatALabelLeavesBehindMeansNothingToACommand() {
        hear(with(label("1", "3", "bad")));

        assertThat(hear(with(new Command("2", "pause", "alice", "", "3", "bad", Optional.of(NOW)))))
                .containsExactly(new OperatorCommanded("2", OperatorCommanded.Verb.PAUSE, "alice", ""));
    }

    @Test
    void aLabelOfNoRolloutOrOfAnotherWordIsNone() {
        hear(seen());

        for (var rollout : List.of("", "0", "-1", "last", "3-v1:9f2c", "99999999999999999999")) {
            assertThat(hear(with(label("1", rollout, "bad")))).as(rollout).isEmpty();
        }
        assertThat(hear(with(label("1", "3", "")))).isEmpty();
        assertThat(hear(with(label("1", "3", "GOOD")))).isEmpty();
    }

    private List<DetectorEvent> hear(Seen seen) {
        return hear(Optional.of(seen));
    }

    private List<DetectorEvent> hear(Optional<Seen> seen) {
        var news = News.of(seen, said, Optional.empty(), NOW);
        news.forEach(event -> said = said.and(event, NOW));
        return news;
    }

    private static Seen seen() {
        return seen("1");
    }

    private static Seen seen(String version) {
        return new Seen(
                "uid-1",
                1,
                Leaving.NO,
                new Resolved(spec(false), List.of()),
                Optional.of(new Revision.Known(revision(version))),
                List.of(TARGET, NO_PRIMARY),
                Optional.empty());
    }

    private static Seen another() {
        var one = seen();
        return new Seen("uid-2", 1, one.leaving(), one.resolution(), one.revision(), one.workloads(), one.command());
    }

    private static Seen with(Resolution resolution) {
        var one = seen();
        return new Seen(one.uid(), 2, one.leaving(), resolution, one.revision(), one.workloads(), one.command());
    }

    private static Seen with(List<WorkloadChanged> workloads) {
        var one = seen();
        return new Seen(one.uid(), 1, one.leaving(), one.resolution(), one.revision(), workloads, one.command());
    }

    private static Seen with(Command command) {
        var one = seen();
        return new Seen(
                one.uid(), 1, one.leaving(), one.resolution(), one.revision(), one.workloads(), Optional.of(command));
    }

    private static Seen leaving(Leaving leaving, WorkloadChanged target) {
        var one = seen();
        return new Seen(one.uid(), 1, leaving, one.resolution(), one.revision(), List.of(target), Optional.empty());
    }

    private static Command command(String id, Instant written) {
        return new Command(id, "pause", "alice", "looks wrong", "", "", Optional.of(written));
    }

    private static Command label(String id, String rollout, String outcome) {
        return new Command(id, "label", "alice", "a customer called", rollout, outcome, Optional.of(NOW));
    }

    private static Revision revision(String version) {
        PodTemplateSpec template = new PodTemplateSpecBuilder()
                .withNewSpec()
                .addNewContainer()
                .withName("app")
                .withImage("shop/checkout:" + version)
                .endContainer()
                .endSpec()
                .build();
        return ((Revision.Known) Revision.of(template, Map.of())).revision();
    }

    private static CanarySpec spec(boolean suspended) {
        return new CanarySpec(
                new WorkloadRef("Deployment", "checkout"),
                "istio",
                "checkout",
                new Strategy.Progressive(List.of(new Percent(1000)), Percent.ZERO),
                Duration.ofSeconds(10),
                1,
                Duration.ofSeconds(60),
                Duration.ZERO,
                100,
                100,
                List.of(),
                List.of(),
                false,
                suspended,
                false,
                false);
    }
}
