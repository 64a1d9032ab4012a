package dev.aviary.analyzer.metric;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.analyzer.HttpStub;
import dev.aviary.events.Measurement;
import dev.aviary.events.Measurement.NoData;
import dev.aviary.events.Measurement.NotANumber;
import dev.aviary.events.Measurement.Refused;
import dev.aviary.events.Measurement.SeveralSeries;
import dev.aviary.events.Measurement.TimedOut;
import dev.aviary.events.Measurement.Unreachable;
import dev.aviary.events.Measurement.Value;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What every metric provider must do. Each way in which a value may be missing is a measurement of its own.
abstract class MetricProviderContract {
    protected final HttpStub backend = new HttpStub();

    protected abstract MetricProvider provider();

    /// The back end's answer with these values, one series each, as its product writes numbers.
    protected abstract String series(String... values);

    /// What the back end answers to a wrong query.
    protected abstract String refusal(String words);

    /// With every kind of credential that the product knows.
    protected abstract Map<String, String> secret();

    protected Backend at(String address) {
        return new Backend(address, Map.of("X-Scope-OrgID", List.of("team-a")), secret(), false);
    }

    protected Measurement ask(String text) {
        return provider().measure(new MetricQuery(at(backend.url()), text, "1m", Duration.ofSeconds(5), false));
    }

    @Test
    void theTypeIsOneThatAMetricTemplateMayName() {
        assertThat(provider().type())
                .isIn(
                        "prometheus",
                        "influxdb",
                        "datadog",
                        "externalmetrics",
                        "stackdriver",
                        "cloudwatch",
                        "newrelic",
                        "graphite",
                        "dynatrace",
                        "keptn",
                        "splunk");
    }

    @Test
    void oneSeriesIsTheValue() {
        backend.answers(200, series("99.5"));

        assertThat(ask("up")).isEqualTo(new Value(99.5));
    }

    @Test
    void noSeriesIsNoData() {
        backend.answers(200, series());

        assertThat(ask("up")).isEqualTo(new NoData());
    }

    @Test
    void severalSeriesAreNoAnswer() {
        backend.answers(200, series("1", "2", "3"));

        assertThat(ask("up")).isEqualTo(new SeveralSeries(3));
    }

    @Test
    void strictTakesTheLastOfSeveral() {
        backend.answers(200, series("1", "2", "3"));

        assertThat(provider().measure(new MetricQuery(at(backend.url()), "up", "1m", Duration.ofSeconds(5), true)))
                .isEqualTo(new Value(3));
    }

    @Test
    void whatIsNoNumberIsSaidToBeNone() {
        backend.answers(200, series("NaN")).answers(200, series("+Inf"));

        assertThat(ask("a")).isEqualTo(new NotANumber("NaN"));
        assertThat(ask("b")).isEqualTo(new NotANumber("+Inf"));
    }

    @Test
    void aWrongQueryIsRefusedInTheBackEndsWords() {
        backend.answers(400, refusal("parse error at char 4"));

        assertThat(ask("up{"))
                .isInstanceOfSatisfying(
                        Refused.class,
                        it -> assertThat(it.why()).contains("400").contains("parse error at char 4"));
    }

    @Test
    void aMissingRightIsARefusal() {
        backend.answers(403, "forbidden");

        assertThat(ask("up"))
                .isInstanceOfSatisfying(
                        Refused.class, it -> assertThat(it.why()).contains("403"));
    }

    @Test
    void aBackEndThatFailsIsUnreachable() {
        backend.answers(503, "no upstream");

        assertThat(ask("up"))
                .isInstanceOfSatisfying(
                        Unreachable.class,
                        it -> assertThat(it.why()).contains("503").contains("no upstream"));
    }

    @Test
    void anAnswerThatIsNotTheProductsIsUnreachable() {
        backend.answers(200, "<html>welcome</html>");

        assertThat(ask("up")).isInstanceOf(Unreachable.class);
    }

    @Test
    void nobodyThereIsUnreachable() {
        backend.close();

        assertThat(ask("up"))
                .isInstanceOfSatisfying(
                        Unreachable.class, it -> assertThat(it.why()).contains(backend.url()));
    }

    @Test
    void anAnswerThatDoesNotComeIsATimeOut() {
        backend.neverAnswers();

        assertThat(provider().measure(new MetricQuery(at(backend.url()), "up", "1m", Duration.ofMillis(200), false)))
                .isEqualTo(new TimedOut(200));
    }

    @Test
    void anAddressThatIsNoneIsRefused() {
        assertThat(provider().measure(new MetricQuery(at("prometheus:9090"), "up", "1m", Duration.ofSeconds(1), false)))
                .isInstanceOf(Refused.class);
    }

    @Test
    void noWordsGiveASecretAway() {
        backend.answers(500, "broken");
        var words = ask("up").toString() + at(backend.url());

        assertThat(secret().values()).noneMatch(words::contains);
        assertThat(words).doesNotContain("team-a");
    }

    @AfterEach
    void stop() {
        backend.close();
    }
}
