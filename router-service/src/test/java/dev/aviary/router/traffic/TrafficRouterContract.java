package dev.aviary.router.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.aviary.events.HttpMatch;
import dev.aviary.events.Percent;
import dev.aviary.flagger.Canary;
import dev.aviary.router.RealCluster;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What every traffic router must do, on a real API server.
abstract class TrafficRouterContract {
    static final Percent TWENTY = Percent.of("20");
    static final List<HttpMatch> INSIDERS = List.of(new HttpMatch(
            new TreeMap<>(Map.of("x-user", new HttpMatch.StringMatch(HttpMatch.Kind.EXACT, "insider"))),
            new TreeMap<>(),
            new TreeMap<>()));

    KubernetesClient kube;
    Canary canary;
    TrafficRouter router;

    abstract TrafficRouter router(KubernetesClient kube, FencedWriter writer);

    abstract HasMetadata route();

    /// Changes a weight as a hand would.
    abstract void byHand(int canaryWeight);

    /// Changes something else.
    abstract void drift();

    abstract boolean hasDrifted();

    /// Of the Canary's spec, beside its target: provider and service.
    abstract String spec();

    @BeforeEach
    void aCanary() {
        kube = RealCluster.client();
        canary = RealCluster.canary(kube, spec());
        router = router(kube, new FencedWriter(kube));
    }

    @Test
    void aNewRouteBelongsToItsCanaryAndLeadsToThePrimary() {
        assertThat(router.read(canary)).isEmpty();

        var stands = router.shift(canary, Split.PRIMARY, new Fence(3));

        assertThat(stands.canary()).isEqualTo(Percent.ZERO);
        assertThat(stands.seq()).isEqualTo(3);
        assertThat(Owned.by(canary, route())).isTrue();
        assertThat(route().getMetadata().getAnnotations()).containsAllEntriesOf(Owned.HANDS_OFF);
    }

    @Test
    void whatIsReadBackIsWhatWasWanted() {
        router.shift(canary, Split.PRIMARY, new Fence(1));

        router.shift(canary, split(TWENTY), new Fence(2));

        assertThat(router.read(canary).orElseThrow().splitsAs(split(TWENTY))).isTrue();
    }

    @Test
    void nothingIsWrittenWhereAllIsSoAlready() {
        router.shift(canary, split(TWENTY), new Fence(2));
        var before = route().getMetadata().getResourceVersion();

        router.shift(canary, split(TWENTY), new Fence(2));

        assertThat(route().getMetadata().getResourceVersion()).isEqualTo(before);
    }

    @Test
    void anOlderDecisionCanNoLongerMoveTraffic() {
        router.shift(canary, split(TWENTY), new Fence(8));

        assertThatExceptionOfType(StaleWriterException.class)
                .isThrownBy(() -> router.shift(canary, split(Percent.of("50")), new Fence(7)))
                .withMessageContaining("sequence 8 was written there, ours is 7");
    }

    @Test
    void aDecisionWithoutAChangeStillKeepsOlderOnesOut() {
        router.shift(canary, Split.PRIMARY, new Fence(8));
        router.shift(canary, Split.PRIMARY, new Fence(9));

        assertThatExceptionOfType(StaleWriterException.class)
                .isThrownBy(() -> router.shift(canary, split(TWENTY), new Fence(8)));
    }

    @Test
    void oneDecisionMayLowerTheCanaryNeverRaiseIt() {
        router.shift(canary, split(TWENTY), new Fence(8));

        assertThatExceptionOfType(StaleWriterException.class)
                .isThrownBy(() -> router.shift(canary, split(Percent.of("50")), new Fence(8)));
        assertThat(router.shift(canary, split(Percent.of("5")), new Fence(8)).canary())
                .isEqualTo(Percent.of("5"));
    }

    @Test
    void fromMatchingRequestsToAllIsARaise() {
        router.shift(canary, new Split(TWENTY, Percent.ZERO, INSIDERS), new Fence(8));

        assertThatExceptionOfType(StaleWriterException.class)
                .isThrownBy(() -> router.shift(canary, split(TWENTY), new Fence(8)));
    }

    @Test
    void d6AndD7DriftIsRepairedWithTheWeightsThatAreWantedNow() {
        router.shift(canary, split(TWENTY), new Fence(8));
        drift();
        assertThat(hasDrifted()).isTrue();

        router.shift(canary, split(TWENTY), new Fence(8));

        assertThat(hasDrifted()).isFalse();
        assertThat(router.read(canary).orElseThrow().canary()).isEqualTo(TWENTY);
    }

    @Test
    void aHandOnTheWeightsIsSeenWithItsName() {
        router.shift(canary, split(TWENTY), new Fence(8));

        byHand(50);

        var stands = router.read(canary).orElseThrow();
        assertThat(stands.canary()).isEqualTo(Percent.of("50"));
        assertThat(stands.by()).isEqualTo("some-hand");
        assertThat(stands.seq()).isEqualTo(8);
    }

    @Test
    void anAbTestGivesTheCanaryMatchingRequestsOnly() {
        var insiders = new Split(Percent.ALL, Percent.ZERO, INSIDERS);

        router.shift(canary, insiders, new Fence(2));

        var stands = router.read(canary).orElseThrow();
        assertThat(stands.canary()).isEqualTo(Percent.ALL);
        assertThat(stands.matched()).isTrue();
        assertThat(stands.splitsAs(insiders)).isTrue();
    }

    static Split split(Percent canary) {
        return new Split(canary, Percent.ZERO, List.of());
    }
}
