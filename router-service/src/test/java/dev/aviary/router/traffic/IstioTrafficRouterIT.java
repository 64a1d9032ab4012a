package dev.aviary.router.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.aviary.events.Percent;
import dev.aviary.router.RealCluster;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class IstioTrafficRouterIT extends TrafficRouterContract {
    @Override
    TrafficRouter router(KubernetesClient kube, FencedWriter writer) {
        return new IstioTrafficRouter(kube, writer);
    }

    @Override
    String spec() {
        return """
                provider: istio
                service:
                  port: 80
                  portDiscovery: true
                  gateways: [gateways/front]
                  hosts: [checkout.example.com]
                  timeout: 15s
                  retries: {attempts: 3, perTryTimeout: 1s, retryOn: "5xx"}
                  match: [{uri: {prefix: /pay}}]
                  rewrite: {uri: /}
                  trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}
                """;
    }

    @Override
    GenericKubernetesResource route() {
        return object("VirtualService", "checkout");
    }

    private GenericKubernetesResource object(String kind, String name) {
        return kube.genericKubernetesResources("networking.istio.io/v1beta1", kind)
                .inNamespace(canary.getMetadata().getNamespace())
                .withName(name)
                .require();
    }

    @Override
    void byHand(int weight) {
        edit(rule -> {
            List<Map<String, Object>> routes = cast(rule.get("route"));
            routes.getFirst().put("weight", 100 - weight);
            routes.getLast().put("weight", weight);
        });
    }

    @Override
    void drift() {
        edit(rule -> rule.put("timeout", "99s"));
    }

    @Override
    boolean hasDrifted() {
        return !"15s".equals(rule(route(), 0).get("timeout"));
    }

    private void edit(Consumer<Map<String, Object>> change) {
        try (var hand = RealCluster.client("some-hand/1")) {
            var route = route();
            change.accept(rule(route, 0));
            hand.resource(route).update();
        }
    }

    @Test
    void theRouteSaysWhatTheCanarySays() {
        router.shift(canary, split(TWENTY), new Fence(2));

        assertThat(route().<Object>get("spec", "hosts")).isEqualTo(List.of("checkout.example.com", "checkout"));
        assertThat(route().<Object>get("spec", "gateways")).isEqualTo(List.of("gateways/front"));
        assertThat(rule(route(), 0))
                .containsEntry("timeout", "15s")
                .containsEntry("rewrite", Map.of("uri", "/"))
                .containsEntry("match", List.of(Map.of("uri", Map.of("prefix", "/pay"))))
                .containsEntry(
                        "route",
                        List.of(
                                Map.of(
                                        "destination",
                                        Map.of("host", "checkout-primary", "port", Map.of("number", 80)),
                                        "weight",
                                        80),
                                Map.of(
                                        "destination",
                                        Map.of("host", "checkout-canary", "port", Map.of("number", 80)),
                                        "weight",
                                        20)));
        assertThat(object("DestinationRule", "checkout-canary").<Object>get("spec"))
                .isEqualTo(Map.of(
                        "host", "checkout-canary", "trafficPolicy", Map.of("tls", Map.of("mode", "ISTIO_MUTUAL"))));
        assertThat(object("DestinationRule", "checkout-primary").<Object>get("spec", "host"))
                .isEqualTo("checkout-primary");
    }

    @Test
    void weightsThatIstioCanNotTakeAreRefusedWithTheWayOut() {
        assertThatExceptionOfType(UnservableException.class)
                .isThrownBy(() -> router.shift(canary, split(Percent.of("0.5")), new Fence(2)))
                .withMessageContaining("a weight of 0.5 % was wanted; Istio takes whole percents only");
    }

    @Test
    void aMirrorGoesToTheCanary() {
        var mirrored = new Split(Percent.ZERO, Percent.of("30"), List.of());

        router.shift(canary, mirrored, new Fence(2));

        assertThat(router.read(canary).orElseThrow().splitsAs(mirrored)).isTrue();
    }

    @Test
    void anAbTestHasASecondRuleForThePrimary() {
        router.shift(canary, new Split(Percent.ALL, Percent.ZERO, INSIDERS), new Fence(2));

        assertThat(rule(route(), 0).get("match"))
                .isEqualTo(List.of(Map.of(
                        "uri", Map.of("prefix", "/pay"), "headers", Map.of("x-user", Map.of("exact", "insider")))));
        assertThat(rule(route(), 1).get("match")).isEqualTo(List.of(Map.of("uri", Map.of("prefix", "/pay"))));
    }

    @Test
    void aRouteThatWasThereBeforeIsGivenBack() {
        var before = kube.genericKubernetesResources("networking.istio.io/v1beta1", "VirtualService")
                .inNamespace(canary.getMetadata().getNamespace())
                .load(new java.io.ByteArrayInputStream("""
                        apiVersion: networking.istio.io/v1beta1
                        kind: VirtualService
                        metadata: {name: checkout}
                        spec: {hosts: [checkout], http: [{route: [{destination: {host: old}}]}]}
                        """.getBytes(java.nio.charset.StandardCharsets.UTF_8)))
                .create();

        router.shift(canary, split(TWENTY), new Fence(2));
        assertThat(router.read(canary).orElseThrow().canary()).isEqualTo(TWENTY);
        assertThat(route().getMetadata().getAnnotations()).containsKey(Owned.ORIGINAL);
        router.restore(canary, new Fence(3));

        assertThat(route().<Object>get("spec")).isEqualTo(before.<Object>get("spec"));
        assertThat(route().getMetadata().getAnnotations()).doesNotContainKey(Owned.ORIGINAL);
    }

    @Test
    void tcpHasRoutesOfItsOwn() {
        canary = RealCluster.canary(kube, "provider: istio\nservice: {port: 5432, appProtocol: tcp}\n");

        router.shift(canary, split(TWENTY), new Fence(2));

        assertThat(route().<Object>get("spec", "http")).isNull();
        assertThat(router.read(canary).orElseThrow().canary()).isEqualTo(TWENTY);
    }

    @Test
    void aDelegateHasNeitherHostsNorGateways() {
        canary = RealCluster.canary(kube, "provider: istio\nservice: {port: 80, delegation: true}\n");

        router.shift(canary, split(TWENTY), new Fence(2));

        assertThat(route().<Object>get("spec", "hosts")).isNull();
        assertThat(route().<Object>get("spec", "gateways")).isNull();
    }

    private static Map<String, Object> rule(GenericKubernetesResource route, int index) {
        List<Map<String, Object>> rules = cast(route.<Object>get("spec", "http"));
        return rules.get(index);
    }

    @SuppressWarnings("unchecked")
    private static <T> T cast(Object value) {
        return (T) value;
    }
}
