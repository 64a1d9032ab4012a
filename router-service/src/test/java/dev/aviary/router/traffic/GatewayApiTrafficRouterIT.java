package dev.aviary.router.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.aviary.events.Percent;
import dev.aviary.router.RealCluster;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteStatusBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.ParentReferenceBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.RouteParentStatusBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class GatewayApiTrafficRouterIT extends TrafficRouterContract {
    @Override
    TrafficRouter router(KubernetesClient kube, FencedWriter writer) {
        return new GatewayApiTrafficRouter(kube, writer);
    }

    @Override
    String spec() {
        return """
                provider: gatewayapi:v1
                service:
                  port: 80
                  hosts: [checkout.example.com]
                  timeout: 15s
                  gatewayRefs: [{name: front, namespace: gateways}]
                  match: [{uri: {prefix: /pay}, headers: {x-b: {exact: "1"}, x-a: {prefix: "v."}}}]
                  rewrite: {uri: /, type: ReplacePrefixMatch}
                  headers: {request: {add: {x-z: "1", x-y: "2"}, remove: [x-old]}}
                  apex: {labels: {team: pay}, annotations: {owner: alice}}
                """;
    }

    @Override
    HTTPRoute route() {
        return kube.resources(HTTPRoute.class)
                .inNamespace(canary.getMetadata().getNamespace())
                .withName("checkout")
                .require();
    }

    @Override
    void byHand(int weight) {
        edit(route -> {
            var backends = route.getSpec().getRules().getFirst().getBackendRefs();
            backends.getFirst().setWeight(100 - weight);
            backends.getLast().setWeight(weight);
        });
    }

    @Override
    void drift() {
        edit(route -> route.getSpec().setHostnames(List.of("elsewhere.example.com")));
    }

    @Override
    boolean hasDrifted() {
        return !route().getSpec().getHostnames().equals(List.of("checkout.example.com"));
    }

    private void edit(Consumer<HTTPRoute> change) {
        try (var hand = RealCluster.client("some-hand/1")) {
            var route = route();
            change.accept(route);
            hand.resource(route).update();
        }
    }

    @Test
    void theRouteSaysWhatTheCanarySays() {
        router.shift(canary, split(TWENTY), new Fence(2));

        var rule = route().getSpec().getRules().getFirst();
        assertThat(route().getMetadata().getLabels()).containsEntry("team", "pay");
        assertThat(route().getMetadata().getAnnotations()).containsEntry("owner", "alice");
        assertThat(route().getSpec().getParentRefs()).singleElement().satisfies(parent -> {
            assertThat(parent.getName()).isEqualTo("front");
            assertThat(parent.getNamespace()).isEqualTo("gateways");
        });
        assertThat(rule.getBackendRefs())
                .extracting("name", "weight", "port")
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("checkout-primary", 80, 80),
                        org.assertj.core.groups.Tuple.tuple("checkout-canary", 20, 80));
        assertThat(rule.getTimeouts().getRequest()).isEqualTo("15s");
        assertThat(rule.getMatches().getFirst().getPath().getValue()).isEqualTo("/pay");
        assertThat(rule.getMatches().getFirst().getHeaders())
                .extracting("name", "type", "value")
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("x-a", "RegularExpression", "v\\..*"),
                        org.assertj.core.groups.Tuple.tuple("x-b", "Exact", "1"));
        assertThat(rule.getFilters()).extracting("type").containsExactly("URLRewrite", "RequestHeaderModifier");
    }

    @Test
    void weightsBelowOnePercentAreWrittenInHundredths() {
        router.shift(canary, split(Percent.of("0.5")), new Fence(2));

        assertThat(route().getSpec().getRules().getFirst().getBackendRefs())
                .extracting("weight")
                .containsExactly(9950, 50);
        assertThat(router.read(canary).orElseThrow().canary()).isEqualTo(Percent.of("0.5"));
    }

    @Test
    void anAbTestMergesItsMatchIntoTheServices() {
        router.shift(canary, new Split(Percent.ALL, Percent.ZERO, INSIDERS), new Fence(2));

        var rules = route().getSpec().getRules();
        assertThat(rules).hasSize(2);
        assertThat(rules.getFirst().getMatches().getFirst().getHeaders())
                .extracting("name")
                .containsExactly("x-a", "x-b", "x-user");
        assertThat(rules.getLast().getBackendRefs()).extracting("name").containsExactly("checkout-primary");
    }

    @Test
    void aMirrorIsAFilterToTheCanary() {
        var mirrored = new Split(Percent.ZERO, Percent.of("12.5"), List.of());

        router.shift(canary, mirrored, new Fence(2));

        assertThat(router.read(canary).orElseThrow().splitsAs(mirrored)).isTrue();
    }

    @Test
    void nothingIsRaisedBehindARouteThatNoGatewayTakes() {
        router.shift(canary, split(TWENTY), new Fence(1));
        refusedByItsGateway();

        assertThatExceptionOfType(UnservableException.class)
                .isThrownBy(() -> router.shift(canary, split(Percent.of("50")), new Fence(2)))
                .withMessageContaining("no gateway accepts it (NoMatchingParent");
        assertThat(router.shift(canary, Split.PRIMARY, new Fence(2)).canary()).isEqualTo(Percent.ZERO);
    }

    @Test
    void aRouteThatWasThereBeforeIsGivenBack() {
        var namespace = canary.getMetadata().getNamespace();
        HasMetadata before = kube.resource("""
                apiVersion: gateway.networking.k8s.io/v1
                kind: HTTPRoute
                metadata: {namespace: %s, name: checkout}
                spec: {rules: [{backendRefs: [{name: old, port: 80}]}]}
                """.formatted(namespace)).create();

        router.shift(canary, split(TWENTY), new Fence(2));
        assertThat(route().getSpec().getRules().getFirst().getBackendRefs()).hasSize(2);
        router.restore(canary, new Fence(3));

        assertThat(route().getSpec()).isEqualTo(((HTTPRoute) before).getSpec());
    }

    private void refusedByItsGateway() {
        var route = route();
        route.setStatus(new HTTPRouteStatusBuilder()
                .addToParents(new RouteParentStatusBuilder()
                        .withControllerName("example.com/gateway")
                        .withParentRef(
                                new ParentReferenceBuilder().withName("front").build())
                        .addToConditions(new ConditionBuilder()
                                .withType("Accepted")
                                .withStatus("False")
                                .withReason("NoMatchingParent")
                                .withMessage("no such listener")
                                .withObservedGeneration(route.getMetadata().getGeneration())
                                .withLastTransitionTime("2026-01-01T12:00:00Z")
                                .build())
                        .build())
                .build());
        kube.resource(route).updateStatus();
    }
}
