package dev.aviary.analyzer.metric;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.events.Measurement.Refused;
import dev.aviary.events.Measurement.Value;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

@QuarkusTest
class PrometheusMetricProviderTest extends MetricProviderContract {
    @Inject
    PrometheusMetricProvider prometheus;

    @Override
    protected MetricProvider provider() {
        return prometheus;
    }

    @Override
    protected String series(String... values) {
        return Arrays.stream(values)
                .map(value -> "{\"metric\":{\"n\":\"%s\"},\"value\":[1700000000.1,\"%s\"]}".formatted(value, value))
                .collect(Collectors.joining(
                        ",", "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[", "]}}"));
    }

    @Override
    protected String refusal(String words) {
        return "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"%s\"}".formatted(words);
    }

    @Override
    protected Map<String, String> secret() {
        return Map.of("token", "s3cret-token");
    }

    @Test
    void itAsksForTheQueryAsItIsWithItsHeaders() {
        backend.answers(200, series("1"));
        ask("sum(rate(up{a=~\"b.+\"}[1m])) * 100");

        assertThat(backend.asked()).singleElement().satisfies(asked -> {
            assertThat(asked.path()).isEqualTo("/api/v1/query?query=sum(rate(up{a=~\"b.+\"}[1m])) * 100");
            assertThat(asked.headers())
                    .containsEntry("Authorization", List.of("Bearer s3cret-token"))
                    .containsEntry("X-scope-orgid", List.of("team-a"));
        });
    }

    @Test
    void theHeadersOfALaterQuestionAreTheSame() { // D21: Flagger adds one more Authorization with every query
        backend.answers(200, series("1")).answers(200, series("1")).answers(200, series("1"));
        var template = new Backend(
                backend.url(),
                Map.of("Authorization", List.of("Basic own"), "X-Scope-OrgID", List.of("team-a")),
                secret(),
                false);

        for (int look = 0; look < 3; look++) {
            prometheus.measure(new MetricQuery(template, "up", "1m", Duration.ofSeconds(5), false));
        }

        assertThat(backend.asked())
                .hasSize(3)
                .allSatisfy(asked -> assertThat(asked.headers())
                        .containsEntry("Authorization", List.of("Bearer s3cret-token"))
                        .containsEntry("X-scope-orgid", List.of("team-a")));
    }

    @Test
    void userAndPasswordAreSentWithoutToken() {
        backend.answers(200, series("1"));
        var address = new Backend(backend.url() + "/prom/", Map.of(), Map.of("username", "u", "password", "p"), false);
        prometheus.measure(new MetricQuery(address, "up", "1m", Duration.ofSeconds(5), false));

        assertThat(backend.asked()).singleElement().satisfies(asked -> {
            assertThat(asked.path()).isEqualTo("/prom/api/v1/query?query=up");
            assertThat(asked.headers()).containsEntry("Authorization", List.of("Basic dTpw"));
        });
    }

    @Test
    void aScalarIsAValueAndARangeIsNone() {
        backend.answers(200, "{\"status\":\"success\",\"data\":{\"resultType\":\"scalar\",\"result\":[1.7,\"42\"]}}")
                .answers(200, "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[]}}")
                .answers(200, "{\"status\":\"success\",\"data\":{\"resultType\":\"string\",\"result\":[1.7,\"x\"]}}");

        assertThat(ask("a")).isEqualTo(new Value(42));
        assertThat(ask("b")).isInstanceOf(Refused.class);
        assertThat(ask("c")).isInstanceOf(Refused.class);
    }
}
