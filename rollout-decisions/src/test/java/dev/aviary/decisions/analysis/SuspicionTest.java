package dev.aviary.decisions.analysis;

import static dev.aviary.decisions.analysis.Analysis.ROLLOUT;
import static dev.aviary.decisions.analysis.Analysis.SUCCESS;
import static dev.aviary.decisions.analysis.Analysis.rate;
import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.events.AnalyzerEvent;
import dev.aviary.events.CheckCompleted;
import dev.aviary.events.Count;
import dev.aviary.events.Count.Counted;
import dev.aviary.events.Count.PodCount;
import dev.aviary.events.Count.Side;
import dev.aviary.events.Count.Source;
import dev.aviary.events.GuardResult.Tally;
import dev.aviary.events.GuardSpec.Mode;
import dev.aviary.events.GuardTripped;
import dev.aviary.events.PodReplacementStarted;
import dev.aviary.events.PodSuspected;
import dev.aviary.events.RequestsCounted;
import dev.aviary.events.Verdict;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.statistics.Statistics;
import org.junit.jupiter.api.Test;

/// One metric, 1 failure in 100 allowed, α = .001, no first requests.
class SuspicionTest {
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final List<String> FOUR = List.of("a", "b", "c", "d");

    private final Analysis analysis = guarded(Mode.BOUND);
    private int look;

    @Test
    void onePodOfSeveralThatFailsIsSuspectAndSoIsSaid() {
        look(at("a", 0, 2), at("b", 0, 2), at("c", 2, 2), at("d", 0, 2));
        look(at("a", 0, 2), at("b", 0, 2), at("c", 2, 2), at("d", 0, 2));
        look(at("a", 0, 2), at("b", 0, 2), at("c", 2, 2), at("d", 0, 2));

        assertThat(trips()).isEmpty();
        assertThat(suspects()).singleElement().satisfies(said -> {
            assertThat(said.look()).isEqualTo(1);
            assertThat(said.pod()).isEqualTo("c");
            assertThat(said.node()).isEqualTo("node-c");
            assertThat(said.judged()).isEqualTo(new Tally(4, 4));
            assertThat(said.others()).isEqualTo(new Tally(0, 12));
            assertThat(said.chance()).isBetween(.0021, .0023);
            assertThat(said.logEvidence()).isGreaterThan(StrictMath.log(1000));
            assertThat(said.reason())
                    .isEqualTo("request-success-rate: 4 of 4 requests to pod c on node node-c failed, 0 of 12 to the"
                            + " canary's other 3 pods, where 1 in 100 may: the pod is suspect, not the version; chance"
                            + " of such a spread if all pods were alike at most 0.22 %");
        });
        assertThat(analysis.wanted().guard()).isPresent();
    }

    @Test
    void againstThePrimaryToo() {
        var byPrimary = guarded(Mode.PRIMARY);
        for (int at = 0; at < 5; at++) {
            look(byPrimary, at, at("a", 0, 2), at("b", 0, 2), at("c", 2, 2), at("d", 0, 2));
        }

        assertThat(byPrimary.said()).singleElement().isInstanceOf(PodSuspected.class);
    }

    /// However the requests fall on the pods, all of them failing is the version, at the look that proves it.
    @Property(tries = 300)
    void aVersionThatFailsAtEveryPodIsNeverAPodAndGoesBackAtOnce(
            @ForAll @Size(min = 2, max = 60) List<@IntRange(max = 6) Integer> requests,
            @ForAll @IntRange(min = 2, max = 4) int pods) {
        var together = guarded(Mode.BOUND);
        var apart = guarded(Mode.BOUND);
        for (int from = 0; from + pods <= requests.size(); from += pods) {
            var each = new ArrayList<PodCount>();
            int all = 0;
            for (int pod = 0; pod < pods; pod++) {
                int of = requests.get(from + pod);
                all += of;
                if (of > 0) {
                    each.add(at(FOUR.get(pod), of, of));
                }
            }
            look(apart, from, each.toArray(PodCount[]::new));
            look(together, from, at("one", all, all));
        }

        assertThat(apart.said()).noneMatch(PodSuspected.class::isInstance);
        assertThat(trips(apart))
                .extracting(GuardTripped::look)
                .isEqualTo(trips(together).stream().map(GuardTripped::look).toList());
        Statistics.label("tripped").collect(!trips(apart).isEmpty());
    }

    @Test
    void othersThatHadTooFewRequestsToShowItAreNoProof() {
        look(at("a", 3, 3), at("b", 0, 3));

        assertThat(suspects()).isEmpty();
        assertThat(trips()).hasSize(1);
    }

    @Test
    void othersThatFailLessButMoreThanTheyMayAreNoProof() {
        look(at("a", 20, 20), at("b", 4, 20), at("c", 5, 20));

        assertThat(suspects()).isEmpty();
        assertThat(trips()).hasSize(1);
    }

    @Test
    void oneThatFailsInAMetricAsOthersDoInAnotherIsNoSuspect() {
        var two = guarded(Mode.BOUND);
        two.now = two.now.plus(SECOND);
        two.hear(new RequestsCounted(
                ROLLOUT,
                0,
                0,
                Question.of(List.of(SUCCESS)),
                new TreeMap<>(Map.of(
                        SUCCESS.name(),
                        counted(at("a", 5, 5), at("b", 0, 20)),
                        "another",
                        counted(at("a", 0, 5), at("b", 1, 5))))));

        assertThat(two.said()).singleElement().isInstanceOf(GuardTripped.class);
    }

    @Test
    void whatWasWellBeforeTheFailuresBeganIsNoProof() {
        for (int at = 0; at < 100; at++) {
            look(at("a", 0, 10), at("b", 0, 10));
        }
        for (int at = 0; at < 20 && trips().isEmpty() && suspects().isEmpty(); at++) {
            look(at("a", 2, 2)); // since then nobody asks the other one
        }

        assertThat(suspects()).isEmpty();
        assertThat(trips()).hasSize(1);
    }

    @Test
    void aPodThatBeginsToFailLateIsFoundToo() {
        for (int at = 0; at < 100; at++) {
            look(at("a", 0, 10), at("b", 0, 10));
        }
        for (int at = 0; at < 20 && trips().isEmpty() && suspects().isEmpty(); at++) {
            look(at("a", 2, 2), at("b", 0, 3));
        }

        assertThat(suspects()).extracting(PodSuspected::pod).containsExactly("a");
    }

    @Test
    void itsOwnRequestsAreNotJudgedAnyMore() {
        suspected();
        for (int at = 0; at < 9; at++) {
            look(at("a", 0, 2), at("b", 0, 2), at("c", 9, 9), at("d", 0, 2));
        }

        assertThat(trips()).isEmpty();
        measured(100);
        assertThat(check().guard().getFirst().canary()).isEqualTo(new Tally(0, 54));
    }

    @Test
    void whatTheRouterLeavesAloneGoesBackAfterTenSeconds() {
        var left = guarded(Mode.BOUND);
        for (int at = 0; at < 14; at++) {
            look(left, at, at("a", 0, 2), at("b", 0, 2), at("c", 2, 2), at("d", 0, 2));
        }

        assertThat(trips(left)).singleElement().satisfies(trip -> {
            assertThat(trip.look()).isEqualTo(11);
            assertThat(trip.reason()).endsWith("; it wasn't replaced within 10 s");
        });
    }

    @Test
    void theStepWaitsUntilTheNewPodCouldHaveFailedToo() {
        suspected();
        measured(100);
        assertThat(check().verdict()).isEqualTo(Verdict.INCONCLUSIVE);
        assertThat(check().reasons())
                .containsExactly("pod c on node node-c was suspect, and no other in its place has had enough requests"
                        + " to be judged yet");

        look(at("a", 0, 20), at("b", 0, 20), at("d", 0, 20), at("e", 0, 1));
        measured(100);
        assertThat(check().verdict()).isEqualTo(Verdict.INCONCLUSIVE);

        look(at("a", 0, 20), at("b", 0, 20), at("d", 0, 20), at("e", 0, 1));
        measured(100);
        assertThat(check().verdict()).isEqualTo(Verdict.PASSED);
    }

    @Test
    void whatTheMetricStillRemembersOfThePodIsJudgedByTheCountsWithoutIt() {
        suspected();
        look(at("a", 0, 20));
        measured(90);
        assertThat(check().verdict()).isEqualTo(Verdict.INCONCLUSIVE);
        assertThat(check().metrics().getFirst().sentence())
                .isEqualTo("request-success-rate 90 is below 99; requests to pod c are still among them");

        look(at("a", 0, 20), at("b", 3, 20), at("e", 0, 9)); // nothing is proven, but so it looks
        measured(90);
        assertThat(check().verdict()).isEqualTo(Verdict.INCONCLUSIVE);

        look(at("a", 0, 200), at("b", 0, 200), at("e", 0, 200));
        measured(90);
        assertThat(check().verdict()).isEqualTo(Verdict.PASSED);

        analysis.now = analysis.now.plusSeconds(100);
        measured(90);
        assertThat(check().verdict()).isEqualTo(Verdict.FAILED);
    }

    @Test
    void theSecondTimeItIsTheVersion() {
        suspected();
        look(at("a", 0, 20), at("b", 0, 20), at("d", 0, 20), at("e", 9, 9));

        assertThat(suspects()).hasSize(1);
        assertThat(trips())
                .singleElement()
                .satisfies(trip -> assertThat(trip.reason())
                        .startsWith("request-success-rate: 9 of 69 requests failed")
                        .endsWith("; pod c on node node-c was replaced for the same before"));
    }

    @Test
    void atMostTwentyPodsAreToldApart() {
        for (int at = 0; at < 30; at++) {
            look(at("pod-" + at, 0, 9), at("b", 0, 9));
        }

        assertThat(analysis.state.run().orElseThrow().guard().metrics().values())
                .allSatisfy(seen -> assertThat(seen.pods()).hasSizeLessThanOrEqualTo(PodTally.MOST + 1));
    }

    private void suspected() {
        look(at("a", 0, 20), at("b", 0, 20), at("c", 9, 9), at("d", 0, 20));
        var said = suspects().getFirst();
        analysis.hear(new PodReplacementStarted(
                ROLLOUT, 0, said.pod(), said.node(), analysis.now, analysis.now, List.of(said.reason())));
    }

    private List<PodSuspected> suspects() {
        return all(analysis, PodSuspected.class);
    }

    private List<GuardTripped> trips() {
        return trips(analysis);
    }

    private static List<GuardTripped> trips(Analysis of) {
        return all(of, GuardTripped.class);
    }

    private static <E extends AnalyzerEvent> List<E> all(Analysis of, Class<E> type) {
        return of.said().stream().filter(type::isInstance).map(type::cast).toList();
    }

    private CheckCompleted check() {
        return analysis.checks().getLast();
    }

    private void measured(double percent) {
        var due = analysis.wanted().look().orElseThrow();
        analysis.now = due.due().isAfter(analysis.now) ? due.due() : analysis.now;
        analysis.hear(Analysis.measured(due.step(), due.look(), rate(percent)));
    }

    private void look(PodCount... pods) {
        look(analysis, look++, pods);
    }

    private static void look(Analysis of, int look, PodCount... pods) {
        of.now = of.now.plus(SECOND);
        of.hear(new RequestsCounted(
                ROLLOUT, 0, look, Question.of(List.of(SUCCESS)), new TreeMap<>(Map.of(SUCCESS.name(), counted(pods)))));
    }

    private static Count counted(PodCount... pods) {
        return new Counted(
                Source.PODS,
                .01,
                "failed",
                Optional.empty(),
                Stream.concat(Stream.of(pods), Stream.of(new PodCount("primary", "node", Side.PRIMARY, 0, 95)))
                        .toList());
    }

    private static PodCount at(String pod, long failures, long total) {
        return new PodCount(pod, "node-" + pod, Side.CANARY, failures, total);
    }

    private static Analysis guarded(Mode mode) {
        return Analysis.ofFirstStep(guard -> guard.mode(mode).burnIn(0));
    }
}
