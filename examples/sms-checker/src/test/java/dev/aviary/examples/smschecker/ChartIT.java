package dev.aviary.examples.smschecker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.marcnuri.helm.Helm;
import com.marcnuri.helm.TemplateCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Rendered by a real Helm, a native library; the rules are those of Flagger's CRDs, which no API server needs to say.
/// With `-Dmanifests.write=true` it writes the demo's manifests anew before it compares them.
class ChartIT {
    private static final Path CHART = Path.of("chart").toAbsolutePath();
    private static final Path MANIFESTS = Path.of("manifests").toAbsolutePath();
    // Not anchored at its end, as in Flagger's schema; ours are whole.
    private static final Pattern DURATION = Pattern.compile("[0-9]+(m|s)");

    @Test
    void theDemosManifestsAreTheRenderedChart() throws IOException {
        var rendered = "# Rendered from ../chart by ChartIT with -Dmanifests.write=true. ${NAME} is to be filled in.\n"
                + template().withValuesFile(MANIFESTS.resolve("values.yaml")).call();
        var file = MANIFESTS.resolve("sms-checker.yaml");
        if (Boolean.getBoolean("manifests.write")) {
            Files.writeString(file, rendered);
        }

        assertThat(Files.readString(file))
                .as("render them again: -Dmanifests.write=true")
                .isEqualTo(rendered);
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
                "alertProviders[0].name=slack",
                "alertProviders[0].type=slack",
                "alertProviders[0].address=http://x.example",
                "alertProviders[1].name=teams",
                "alertProviders[1].type=msteams",
                "alertProviders[1].secretName=teams",
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
        var command = template().set("load.mode", "wrk");

        assertThatThrownBy(command::call).hasMessageContainingAll("wrk", "sidecar");
    }

    private static TemplateCommand template() {
        return new Helm(CHART).template().withName("sms-checker").withNamespace("shop");
    }

    private static List<JsonNode> render(String... values) {
        var command = template().set("load.url", "http://gateway");
        for (var value : values) {
            var pair = value.split("=", 2);
            command.set(pair[0], pair[1]);
        }
        var rendered = command.call();
        var yaml = new YAMLMapper();
        try (var documents = yaml.readerFor(JsonNode.class).<JsonNode>readValues(rendered)) {
            return documents.readAll().stream().filter(JsonNode::isObject).toList();
        } catch (IOException broken) {
            throw new AssertionError("no YAML: " + rendered, broken);
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
