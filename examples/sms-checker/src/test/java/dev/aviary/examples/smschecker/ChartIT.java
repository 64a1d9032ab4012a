package dev.aviary.examples.smschecker;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Rendered by a real helm; the rules are those of Flagger's CRDs, which no API server needs to say.
class ChartIT {
    private static final Tool HELM = Tool.named("helm");
    private static final String CHART = Tool.HERE.resolve("chart").toString();
    // Not anchored at its end, as in Flagger's schema; ours are whole.
    private static final Pattern DURATION = Pattern.compile("[0-9]+(m|s)");

    @Test
    void theDemosManifestsAreTheRenderedChart() throws IOException {
        var rendered = Tool.run(
                List.of("bash", Tool.HERE.resolve("manifests/render.sh").toString(), HELM.path()), Map.of());

        assertThat(rendered.status()).isZero();
        assertThat(Files.readString(Tool.HERE.resolve("manifests/sms-checker.yaml")))
                .as("run manifests/render.sh again")
                .isEqualTo(rendered.text());
    }

    @Test
    void theCanaryIsTheOneOfTheSeedExperiment() {
        var canary = one(render(), "Canary");
        var analysis = canary.at("/spec/analysis");

        assertThat(analysis.at("/stepWeights").toString()).isEqualTo("[5,10,50]");
        assertThat(analysis.at("/interval").asText()).isEqualTo("1m");
        assertThat(analysis.at("/metrics").findValuesAsText("name"))
                .contains("success-rate", "request-p99", "prediction-latency");
        assertThat(analysis.at("/metrics/0/thresholdRange/min").asInt()).isEqualTo(99);
        assertThat(analysis.at("/metrics/1/thresholdRange/max").asInt()).isEqualTo(500);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gatewayapi:v1", "istio", "kubernetes"})
    void everyResourceKeepsTheRulesOfFlaggersSchemas(String provider) {
        var objects = render(
                "provider=" + provider,
                "alertProviders[0].name=slack,alertProviders[0].type=slack,alertProviders[0].address=http://x.example",
                "alertProviders[1].name=teams,alertProviders[1].type=msteams,alertProviders[1].secretName=teams",
                "alertProviders[1].severity=error");

        assertThat(all(objects, "AlertProvider"))
                .hasSize(2)
                .allSatisfy(alert -> assertThat(present(alert.at("/spec"), "address", "secretRef"))
                        .hasSize(1));
        var canary = one(objects, "Canary");
        var analysis = canary.at("/spec/analysis");
        assertThat(present(analysis, "iterations", "stepWeight", "stepWeights")).hasSize(1);
        assertThat(present(analysis, "interval", "threshold")).hasSize(2);
        assertThat(analysis.at("/threshold").isNumber()).isTrue();
        assertThat(canary.at("/spec/service/port").isNumber()).isTrue();
        assertThat(present(canary.at("/spec/service"), "gatewayRefs", "gateways"))
                .isEqualTo(
                        switch (provider) {
                            case "istio" -> List.of("gateways");
                            case "kubernetes" -> List.of();
                            default -> List.of("gatewayRefs");
                        });
        assertThat(analysis.findValuesAsText("interval"))
                .hasSize(4)
                .allSatisfy(text -> assertThat(text).matches(DURATION));
        assertThat(analysis.at("/alerts").findValuesAsText("severity")).containsExactly("info", "error");
        var templates = all(objects, "MetricTemplate").stream()
                .map(template -> template.at("/metadata/name").asText())
                .toList();
        assertThat(analysis.at("/metrics"))
                .hasSize(3)
                .allSatisfy(metric -> assertThat(templates)
                        .contains(metric.at("/templateRef/name").asText()));
    }

    @Test
    void metricTemplatesReadTheCanarysPodsOnlyAndLeaveFlaggersVariablesStanding() {
        assertThat(all(render(), "MetricTemplate")).hasSize(3).allSatisfy(template -> {
            String query = template.at("/spec/query").asText();
            assertThat(query).contains("{{ namespace }}", "[{{ interval }}]");
            var pods = Pattern.compile("kubernetes_pod_name=~\"([^\"]+)\"").matcher(query);
            assertThat(pods.find()).isTrue();
            String regex = pods.group(1).replace("{{ target }}", "sms-checker");
            assertThat("sms-checker-5d9f7c6b8d-x7k2p").matches(regex);
            assertThat("sms-checker-primary-5d9f7c6b8d-x7k2p").doesNotMatch(regex);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"job", "sidecar", "hey", "none"})
    void theLoadRunsAsWantedAndThereIsNoServiceOfItsOwn(String mode) {
        var objects = render("load.mode=" + mode);

        assertThat(all(objects, "Service")).isEmpty();
        assertThat(all(objects, "Job")).hasSize(mode.equals("job") || mode.equals("hey") ? 1 : 0);
        assertThat(one(objects, "Deployment").at("/spec/template/spec/containers"))
                .hasSize(mode.equals("sidecar") ? 2 : 1);
        boolean k6 = mode.equals("job") || mode.equals("sidecar");
        assertThat(all(objects, "ConfigMap"))
                .hasSize(k6 ? 1 : 0)
                .allSatisfy(script ->
                        assertThat(script.at("/data/load.js").asText()).contains("constant-arrival-rate"));
    }

    @Test
    void aSlowVersionIsOneValue() {
        var env = one(render("sleepMs=2000", "image.tag=v2"), "Deployment").at("/spec/template/spec/containers/0/env");

        assertThat(env)
                .anySatisfy(entry -> assertThat(entry.toString()).contains("SLEEP_MS", "\"2000\""))
                .anySatisfy(entry -> assertThat(entry.toString()).contains("VERSION", "\"v2\""))
                .anySatisfy(entry -> assertThat(entry.toString()).contains("POD_IP", "status.podIP"));
    }

    @Test
    void anUnknownLoadModeIsRefusedWithTheKnownOnes() {
        assertThat(HELM.run(Map.of(), "template", "sms-checker", CHART, "--set", "load.mode=wrk")
                        .status())
                .isNotZero();
    }

    private static List<JsonNode> render(String... values) {
        var arguments = new ArrayList<>(
                List.of("template", "sms-checker", CHART, "--namespace", "shop", "--set", "load.url=http://gateway"));
        Stream.of(values).forEach(value -> arguments.addAll(List.of("--set", value)));
        var rendered = HELM.run(Map.of(), arguments.toArray(String[]::new));
        assertThat(rendered.status()).isZero();
        var yaml = new YAMLMapper();
        try (var documents = yaml.readerFor(JsonNode.class).<JsonNode>readValues(rendered.text())) {
            return documents.readAll().stream().filter(JsonNode::isObject).toList();
        } catch (IOException broken) {
            throw new AssertionError("no YAML: " + rendered.text(), broken);
        }
    }

    private static List<JsonNode> all(List<JsonNode> objects, String kind) {
        return objects.stream()
                .filter(object -> object.at("/kind").asText().equals(kind))
                .toList();
    }

    private static JsonNode one(List<JsonNode> objects, String kind) {
        assertThat(all(objects, kind)).hasSize(1);
        return all(objects, kind).getFirst();
    }

    private static List<String> present(JsonNode object, String... fields) {
        return Stream.of(fields).filter(object::has).toList();
    }
}
