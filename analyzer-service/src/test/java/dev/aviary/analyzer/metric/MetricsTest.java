package dev.aviary.analyzer.metric;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.analyzer.FakeLive;
import dev.aviary.analyzer.Samples;
import dev.aviary.events.Bounds;
import dev.aviary.events.Measurement;
import dev.aviary.events.Measurement.Refused;
import dev.aviary.events.Measurement.Unreachable;
import dev.aviary.events.Measurement.Value;
import dev.aviary.events.MetricSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MetricsTest {
    private static final Bounds ANY = new Bounds(Optional.empty(), Optional.empty());
    private static final MetricSpec TEMPLATE =
            new MetricSpec("latency", new MetricSpec.Template("metrics", "latency", "prometheus", "up"), "30s", ANY);
    private static final String PROVIDER = "spec: {query: up, provider: {type: prometheus, address: \"http://prom\", ";

    private final List<MetricQuery> asked = new ArrayList<>();
    private final FakeLive live = new FakeLive().withCanary("spec: {}");

    @Test
    void equalQuestionsAreAskedOnce() {
        var measured = measure(query("a", "up"), query("b", "up"), query("c", "down"));

        assertThat(measured).containsOnlyKeys("a", "b", "c");
        assertThat(asked).extracting(MetricQuery::text).containsExactly("up", "down");
    }

    @Test
    void theCanaryNamesItsOwnPrometheusElseTheSettingDoes() {
        measure(query("a", "up"));
        live.withCanary("spec: {metricsServer: \"http://mine:9090\"}");
        measure(query("a", "up"));

        assertThat(asked)
                .extracting(query -> query.backend().address())
                .containsExactly("http://default:9090", "http://mine:9090");
    }

    @Test
    void aTemplatesAddressHeadersAndSecretAreReadLive() {
        live.withTemplate(
                        "metrics/latency",
                        PROVIDER + "headers: {X: [y]}, insecureSkipVerify: true, secretRef: {name: s}}}")
                .withSecret("metrics/s", Map.of("token", "t"));

        assertThat(measure(TEMPLATE)).containsEntry("latency", new Value(7));
        assertThat(asked)
                .extracting(MetricQuery::backend)
                .containsExactly(new Backend("http://prom", Map.of("X", List.of("y")), Map.of("token", "t"), true));
        assertThat(asked).extracting(MetricQuery::window).containsExactly("30s");
    }

    /// D12: whatever a Canary says, a secret comes from its template's namespace.
    @Test
    void aSecretOfAnotherNamespaceIsNotRead() {
        live.withTemplate("metrics/latency", PROVIDER + "secretRef: {name: s}}}")
                .withSecret("shop/s", Map.of("token", "t"));

        assertThat(measure(TEMPLATE).get("latency"))
                .isEqualTo(
                        new Refused("MetricTemplate metrics/latency names a Secret that isn't in namespace metrics"));
        assertThat(asked).isEmpty();
    }

    @Test
    void aTemplateThatIsGoneSaysSo() {
        assertThat(measure(TEMPLATE).get("latency")).isInstanceOf(Refused.class);
    }

    @Test
    void anUnknownProviderSaysWhichOnesAreKnown() {
        live.withTemplate("metrics/latency", PROVIDER + "}}");
        var metric =
                new MetricSpec("latency", new MetricSpec.Template("metrics", "latency", "splunk", "up"), "30s", ANY);

        assertThat(measure(metric).get("latency"))
                .isEqualTo(new Refused("no provider of type 'splunk' is known; known: prometheus"));
    }

    @Test
    void aNameThatIsNotBuiltInSaysWhatIs() {
        assertThat(measure(new MetricSpec("latency", new MetricSpec.BuiltIn(), "1m", ANY))
                        .get("latency"))
                .isInstanceOfSatisfying(
                        Refused.class,
                        it -> assertThat(it.why())
                                .contains("request-success-rate")
                                .contains("templateRef"));
    }

    @Test
    void anApiServerThatIsAwayIsNoAnswer() {
        live.away();

        assertThat(measure(TEMPLATE).get("latency")).isEqualTo(new Unreachable("the API server doesn't answer"));
    }

    private Map<String, Measurement> measure(MetricSpec... metrics) {
        return new Metrics(live, List.of(new Recording()), "http://default:9090", Duration.ofSeconds(5))
                .measure(Samples.CHECKOUT, Samples.spec(Duration.ofSeconds(60), List.of(metrics)));
    }

    private static MetricSpec query(String name, String promql) {
        return new MetricSpec(name, new MetricSpec.Query(promql), "1m", ANY);
    }

    private final class Recording implements MetricProvider {
        @Override
        public String type() {
            return "prometheus";
        }

        @Override
        public Measurement measure(MetricQuery query) {
            asked.add(query);
            return new Value(7);
        }
    }
}
