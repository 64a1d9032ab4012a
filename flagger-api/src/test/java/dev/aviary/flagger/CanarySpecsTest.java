package dev.aviary.flagger;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.events.Bounds;
import dev.aviary.events.CanaryRejected;
import dev.aviary.events.CanarySpec;
import dev.aviary.events.HookKind;
import dev.aviary.events.HookSpec;
import dev.aviary.events.MetricSpec;
import dev.aviary.events.Percent;
import dev.aviary.events.Strategy;
import dev.aviary.events.WorkloadRef;
import dev.aviary.flagger.CanarySpecs.Around;
import dev.aviary.flagger.CanarySpecs.Rejected;
import dev.aviary.flagger.CanarySpecs.Resolved;
import dev.aviary.flagger.CanarySpecs.Settings;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CanarySpecsTest {
    private static final Settings SETTINGS = Settings.defaults("istio");

    @Test
    void everyDefaultIsFlaggersOwn() {
        var spec = resolved(canary("stepWeight: 50"));

        assertThat(spec)
                .isEqualTo(new CanarySpec(
                        new WorkloadRef("Deployment", "checkout"),
                        "istio",
                        "checkout",
                        new Strategy.Progressive(List.of(percent(50), percent(100)), Percent.ZERO),
                        Duration.ofSeconds(60),
                        1,
                        Duration.ofSeconds(600),
                        Duration.ofSeconds(5),
                        100,
                        100,
                        List.of(),
                        List.of(),
                        false,
                        false,
                        false,
                        false));
    }

    @Test
    void theSeedExperimentsCanaryIsResolved() {
        var spec = resolved(
                canary("""
                interval: 1m
                threshold: 1
                stepWeights: [5, 10, 50]
                metrics:
                - {name: request-success-rate, thresholdRange: {min: 99}}
                - {name: p99, interval: 30s, thresholdRange: {max: 500}, templateRef: {name: p99, namespace: slo},
                   templateVariables: {unit: seconds}}
                """),
                template(
                        "slo",
                        "p99",
                        "histogram_quantile(0.99, x_{{ variables.unit }}{ns=\"{{ namespace }}\", d=\"{{ target }}\"}[{{ interval }}])"));

        assertThat(spec.strategy())
                .isEqualTo(new Strategy.Progressive(List.of(percent(5), percent(10), percent(50)), Percent.ZERO));
        assertThat(spec.metrics())
                .containsExactly(
                        new MetricSpec(
                                "request-success-rate",
                                new MetricSpec.BuiltIn(),
                                "1m",
                                new Bounds(Optional.of(99.0), Optional.empty())),
                        new MetricSpec(
                                "p99",
                                new MetricSpec.Template(
                                        "slo",
                                        "p99",
                                        "prometheus",
                                        "histogram_quantile(0.99, x_seconds{ns=\"shop\", d=\"checkout\"}[30s])"),
                                "30s",
                                new Bounds(Optional.empty(), Optional.of(500.0))));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            stepWeight: 10, maxWeight: 30      | 10,20,30
            stepWeight: 20, maxWeight: 50      | 20,40,50
            stepWeight: 40                     | 40,80,100
            stepWeight: 0.5, maxWeight: 1      | 0.5,1
            stepWeights: [1, 2.5], maxWeight: 2| 1,2.5
            stepWeight: 50, stepWeights: [1]   | 50,100
            """)
    void theStepsAreCountedOut(String analysis, String weights) {
        assertThat(weights(resolved(canary("{" + analysis + "}")))).isEqualTo(weights.replace(" ", ""));
    }

    @Test
    void strictLetsTheLastStepPassMaxWeightAsFlaggersDoes() {
        var canary = canary("{stepWeight: 20, maxWeight: 50}");
        canary.getMetadata().setAnnotations(Map.of("aviary.dev/compat", "strict"));

        assertThat(weights(resolved(canary))).isEqualTo("20,40,60");
        assertThat(resolved(canary).strict()).isTrue();
    }

    @Test
    void strictReadsFieldsAsFlaggerDoes() {
        var canary = canary("""
                {stepWeight: 20, interval: 10sfoo, threshold: -3,
                 metrics: [{name: request-duration, thresholdRange: {max: 250.7}}, {name: errors, query: errors, thresholdRange: {max: 250.7}}]}
                """);
        canary.getMetadata().setAnnotations(Map.of("aviary.dev/compat", "strict"));

        var spec = resolved(canary);
        assertThat(spec.interval()).isEqualTo(Duration.ofSeconds(60));
        assertThat(spec.threshold()).isEqualTo(1);
        assertThat(spec.metrics())
                .extracting(metric -> metric.bounds().toString())
                .containsExactly("at most 250", "at most 250.7");
    }

    @Test
    void aBoundOfADurationIsTakenAsWritten() {
        var spec =
                resolved(canary("{stepWeight: 20, metrics: [{name: request-duration, thresholdRange: {max: 250.7}}]}"));

        assertThat(spec.metrics().getFirst().bounds()).hasToString("at most 250.7");
    }

    @Test
    void iterationsAreBlueGreenAndWithAMatchAnABTest() {
        assertThat(resolved(canary("iterations: 3")).strategy()).isEqualTo(new Strategy.BlueGreen(3));
        assertThat(resolved(canary("{iterations: 3, match: [{headers: {x-beta: {exact: \"1\"}}}]}"))
                        .strategy())
                .isInstanceOf(Strategy.AbTesting.class);
    }

    @Test
    void kubernetesSplitsNoTrafficSoItCountsIterations() {
        var canary = canary("provider: kubernetes", "stepWeight: 10");

        assertThat(resolved(canary).strategy()).isEqualTo(new Strategy.BlueGreen(10));
    }

    @Test
    void anIntervalBelowTenSecondsIsTen() {
        assertThat(resolved(canary("{stepWeight: 1, interval: 2s}")).interval()).isEqualTo(Duration.ofSeconds(10));
        assertThat(resolved(canary("{stepWeight: 1, interval: 1m30s}")).interval())
                .isEqualTo(Duration.ofSeconds(90));
    }

    @Test
    void aTemplateWithoutIntervalIsAskedOverAMinute() { // D18
        var spec = resolved(
                canary("{stepWeight: 1, metrics: [{name: errors, templateRef: {name: errors}}]}"),
                template("shop", "errors", "rate(errors[{{ interval }}])"));

        assertThat(((MetricSpec.Template) spec.metrics().getFirst().source()).query())
                .isEqualTo("rate(errors[1m])");
    }

    @Test
    void theDeprecatedThresholdIsALeastSuccessRateAndOtherwiseAMost() {
        var spec = resolved(canary("""
                stepWeight: 1
                metrics:
                - {name: request-success-rate, threshold: 99.5}
                - {name: request-duration, threshold: 500}
                - {name: errors, threshold: 1.5, query: "errors{ns=\\"{{ namespace }}\\"}"}
                """));

        assertThat(spec.metrics())
                .extracting(metric -> metric.bounds().toString())
                .containsExactly("at least 99.5", "at most 500", "at most 1.5");
        assertThat(spec.metrics().getLast().source()).isEqualTo(new MetricSpec.Query("errors{ns=\"shop\"}"));
    }

    @Test
    void hooksKeepTheirKindTimeoutAndRetries() {
        var spec = resolved(canary("""
                stepWeight: 1
                webhooks:
                - {name: load, url: "http://load", metadata: {cmd: hey}}
                - {name: gate, type: confirm-promotion, url: "https://gate/x", timeout: 1m, retries: 3, muteAlert: true}
                """));

        assertThat(spec.hooks())
                .containsExactly(
                        new HookSpec("load", HookKind.ROLLOUT, Duration.ofSeconds(10), 0, false),
                        new HookSpec("gate", HookKind.CONFIRM_PROMOTION, Duration.ofMinutes(1), 3, true));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            stepWeight: 1, interval: 10sfoo             | spec.analysis.interval         | duration such as
            stepWeight: 1, threshold: 1.5               | spec.analysis.threshold        | is 1.5; it must be a whole number
            stepWeight: 1, threshold: -2                | spec.analysis.threshold        | at least 0
            stepWeight: -10                             | spec.analysis.stepWeight       | between 0 and 100
            stepWeight: 0                               | spec.analysis                  | gives no way
            stepWeights: []                             | spec.analysis                  | gives no way
            stepWeights: [5, 5]                         | spec.analysis.stepWeights[1]   | must be above 5
            stepWeights: [50, 101]                      | spec.analysis.stepWeights[1]   | is 101
            stepWeight: 10, maxWeight: 150              | spec.analysis.maxWeight        | is 150
            stepWeight: 0.001                           | spec.analysis.stepWeight       | two decimals
            iterations: 1.5                             | spec.analysis.iterations       | whole number
            stepWeight: 1, match: [{headers: {a: {exact: b}}}] | spec.analysis.match      | without iterations
            iterations: 1, match: [{}]                  | spec.analysis.match[0]         | every request
            iterations: 1, match: [{headers: {a: {}}}]  | spec.analysis.match[0].headers.a | exactly one
            stepWeight: 1, canaryReadyThreshold: 101    | spec.analysis.canaryReadyThreshold | between 0 and 100
            stepWeight: 1, metrics: [{name: errors}]    | spec.analysis.metrics[0]       | isn't built in
            stepWeight: 1, metrics: [{name: errors, templateRef: {name: errors}}] | spec.analysis.metrics[0].templateRef | shop/errors, which isn't there
            stepWeight: 1, metrics: [{name: x, query: a}, {name: x, query: b}] | spec.analysis.metrics[1].name | metrics[0]
            stepWeight: 1, metrics: [{name: request-success-rate, interval: soon}] | spec.analysis.metrics[0].interval | duration such as
            stepWeight: 1, metrics: [{name: request-success-rate, thresholdRange: {min: 100, max: 99}}] | spec.analysis.metrics[0].thresholdRange | no value
            stepWeight: 1, metrics: [{name: request-success-rate, threshold: 990}] | spec.analysis.metrics[0].threshold | between 0 and 100
            stepWeight: 1, metrics: [{name: x, query: '{{ nope }}'}] | spec.analysis.metrics[0].query | function "nope" isn't defined
            stepWeight: 1, webhooks: [{name: x, url: 'http://x', type: later}] | spec.analysis.webhooks[0].type | is "later"; known: confirm-rollout
            stepWeight: 1, webhooks: [{name: x, url: 'x'}] | spec.analysis.webhooks[0].url | isn't an http
            stepWeight: 1, webhooks: [{name: x, url: 'http://x', timeout: soon}] | spec.analysis.webhooks[0].timeout | duration
            stepWeight: 1, webhooks: [{name: x, url: 'http://x', retries: -1}] | spec.analysis.webhooks[0].retries | between
            stepWeight: 1, webhooks: [{name: x, url: 'http://x'}, {name: x, url: 'http://y'}] | spec.analysis.webhooks[1].name | another
            stepWeight: 1, sessionAffinity: {cookieName: a, primaryCookieName: a} | spec.analysis.sessionAffinity.primaryCookieName | another
            """)
    void whatMakesNoSenseIsRejectedWithItsFieldAndTheWayOut(String analysis, String field, String why) {
        var rejected = rejected(canary("{" + analysis + "}"));

        assertThat(rejected.object()).isEqualTo("Canary shop/checkout");
        assertThat(rejected.field()).isEqualTo(field);
        assertThat(rejected.why()).contains(why);
        assertThat(rejected.sentence()).endsWith("What was applied before goes on until it is put right");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            provider: gatewayapi     | spec.provider | is "gatewayapi", which no traffic router serves; known: gatewayapi:v1, istio, kubernetes
            provider: traefk         | spec.provider | is "traefk"
            provider: gatewayapi:v1  | spec.service.gatewayRefs | needs a Gateway
            progressDeadlineSeconds: 0 | spec.progressDeadlineSeconds | at least 1
            """)
    void soIsTheRestOfTheSpec(String spec, String field, String why) {
        var rejected = rejected(canary(spec, "stepWeight: 1"));

        assertThat(rejected.field()).isEqualTo(field);
        assertThat(rejected.why()).contains(why);
    }

    @Test
    void aDefaultProviderThatNobodyServesIsNotIstio() {
        var rejected = (Rejected) CanarySpecs.resolve(
                canary("stepWeight: 1"), new Around(Map.of(), List.of()), Settings.defaults("gatewayapi"));

        assertThat(rejected.event().sentence()).contains("is absent, and the default is \"gatewayapi\"");
    }

    @ParameterizedTest
    @CsvSource({"apps/v1, DaemonSet", "v1, Service", "serving.knative.dev/v1, Service", "apps/v1, StatefulSet"})
    void aTargetThatIsNotServedIsRefusedInASentence(String apiVersion, String kind) { // D14, D15, D17
        var rejected = rejected(Serialization.unmarshal("""
                apiVersion: flagger.app/v1beta1
                kind: Canary
                metadata: {name: checkout, namespace: shop}
                spec:
                  targetRef: {apiVersion: %s, kind: %s, name: checkout}
                """.formatted(apiVersion, kind), Canary.class));

        assertThat(rejected.sentence()).contains("spec.targetRef.kind is " + kind, "known: Deployment");
    }

    @Test
    void ofTwoCanariesOnOneTargetTheOlderOneReleases() {
        var older = canary("stepWeight: 1");
        older.getMetadata().setCreationTimestamp("2026-01-01T00:00:00Z");
        var younger = canary("stepWeight: 1");
        younger.getMetadata().setName("another");
        younger.getMetadata().setCreationTimestamp("2026-01-02T00:00:00Z");
        var around = new Around(Map.of(), List.of(younger, older));

        assertThat(CanarySpecs.resolve(older, around, SETTINGS)).isInstanceOf(Resolved.class);
        assertThat(((Rejected) CanarySpecs.resolve(younger, around, SETTINGS))
                        .event()
                        .why())
                .contains("Canary shop/checkout releases already");
    }

    @Test
    void whereReferencesToOtherNamespacesAreOffTheyAreRefused() { // D12: at each look, not only at the first
        var settings = new Settings("istio", SETTINGS.providers(), SETTINGS.metricProviders(), false, true);
        var canary = canary("""
                stepWeight: 1
                metrics: [{name: p99, templateRef: {name: p99, namespace: slo}}]
                """);
        var around = new Around(Map.of("slo/p99", template("slo", "p99", "x")), List.of());

        assertThat(((Rejected) CanarySpecs.resolve(canary, around, settings))
                        .event()
                        .field())
                .isEqualTo("spec.analysis.metrics[0].templateRef.namespace");
    }

    @Test
    void aTemplateThatCanNotBeFilledInIsNamed() {
        var canary = canary("{stepWeight: 1, metrics: [{name: p99, templateRef: {name: p99}}]}");
        var around = new Around(Map.of("shop/p99", template("shop", "p99", "x{{ variables.unit }}")), List.of());

        assertThat(((Rejected) CanarySpecs.resolve(canary, around, SETTINGS))
                        .event()
                        .sentence())
                .contains("MetricTemplate shop/p99: spec.query can't be filled in", "there is no entry for \"unit\"");
    }

    @Test
    void annotationsThatMakeNoSenseAreRejectedToo() {
        var canary = canary("stepWeight: 1");
        canary.getMetadata().setAnnotations(Map.of("aviary.dev/compat", "flagger"));
        assertThat(rejected(canary).field()).isEqualTo("metadata.annotations[aviary.dev/compat]");

        canary.getMetadata().setAnnotations(Map.of("aviary.dev/drain", "1 minute"));
        assertThat(rejected(canary).field()).isEqualTo("metadata.annotations[aviary.dev/drain]");

        canary.getMetadata().setAnnotations(Map.of("aviary.dev/drain", "30s"));
        assertThat(resolved(canary).drain()).isEqualTo(Duration.ofSeconds(30));
    }

    @Test
    void whatIsNotServedIsSaidInsteadOfHangingForever() { // D1
        var resolution = (Resolved) CanarySpecs.resolve(
                canary("{stepWeight: 10, mirror: true}"), new Around(Map.of(), List.of()), SETTINGS);

        assertThat(resolution.notes()).singleElement().asString().startsWith("spec.analysis.mirror isn't served");
    }

    @Test
    void skipAnalysisNeedsNoWay() {
        assertThat(resolved(canary("skipAnalysis: true", "stepWeights: []")).skipAnalysis())
                .isTrue();
    }

    private static String weights(CanarySpec spec) {
        return String.join(
                ",",
                ((Strategy.Progressive) spec.strategy())
                        .weights().stream().map(Percent::toString).toList());
    }

    private static Percent percent(int whole) {
        return new Percent(whole * 100);
    }

    private static CanarySpec resolved(Canary canary, MetricTemplate... templates) {
        var resolution = CanarySpecs.resolve(canary, around(templates), SETTINGS);
        assertThat(resolution).isInstanceOf(Resolved.class);
        return ((Resolved) resolution).spec();
    }

    private static CanaryRejected rejected(Canary canary) {
        var resolution = CanarySpecs.resolve(canary, around(), SETTINGS);
        assertThat(resolution).isInstanceOf(Rejected.class);
        return ((Rejected) resolution).event();
    }

    private static Around around(MetricTemplate... templates) {
        return new Around(
                java.util.Arrays.stream(templates)
                        .collect(java.util.stream.Collectors.toMap(
                                template -> template.getMetadata().getNamespace() + "/"
                                        + template.getMetadata().getName(),
                                template -> template)),
                List.of());
    }

    private static Canary canary(String analysis) {
        return canary("", analysis);
    }

    private static Canary canary(String spec, String analysis) {
        return Serialization.unmarshal("""
                apiVersion: flagger.app/v1beta1
                kind: Canary
                metadata: {name: checkout, namespace: shop}
                spec:
                  targetRef: {apiVersion: apps/v1, kind: Deployment, name: checkout}
                  service: {port: 80}
                """ + spec.indent(2) + "  analysis:\n" + analysis.indent(4), Canary.class);
    }

    private static MetricTemplate template(String namespace, String name, String query) {
        var template = Serialization.unmarshal("""
                apiVersion: flagger.app/v1beta1
                kind: MetricTemplate
                metadata: {name: %s, namespace: %s}
                spec:
                  provider: {type: prometheus, address: "http://prometheus:9090"}
                  query: |
                """.formatted(name, namespace) + query.indent(4), MetricTemplate.class);
        assertThat(template.getSpec().query()).startsWith(query.substring(0, 1));
        return template;
    }
}
