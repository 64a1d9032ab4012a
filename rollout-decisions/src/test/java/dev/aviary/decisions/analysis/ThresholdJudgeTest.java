package dev.aviary.decisions.analysis;

import static dev.aviary.events.Verdict.FAILED;
import static dev.aviary.events.Verdict.INCONCLUSIVE;
import static dev.aviary.events.Verdict.PASSED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.events.Bounds;
import dev.aviary.events.Measurement;
import dev.aviary.events.Measurement.NoData;
import dev.aviary.events.Measurement.NotANumber;
import dev.aviary.events.Measurement.Refused;
import dev.aviary.events.Measurement.SeveralSeries;
import dev.aviary.events.Measurement.TimedOut;
import dev.aviary.events.Measurement.Unreachable;
import dev.aviary.events.Measurement.Value;
import dev.aviary.events.MetricResult;
import dev.aviary.events.MetricSpec;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ThresholdJudgeTest {
    private static final List<Measurement> NO_VALUES = List.of(
            new NoData(),
            new NotANumber("NaN"),
            new SeveralSeries(3),
            new Refused("bad_data: parse error"),
            new Unreachable("503"),
            new TimedOut(5000));

    @Test
    void bothEndsOfTheBoundsBelongToThem() {
        assertThat(judge(1, 2, new Value(1)).verdict()).isEqualTo(PASSED);
        assertThat(judge(1, 2, new Value(2)).verdict()).isEqualTo(PASSED);
        assertThat(judge(1, 2, new Value(2.0001)).verdict()).isEqualTo(FAILED);
        assertThat(judge(1, 2, new Value(0.9999)).verdict()).isEqualTo(FAILED);
    }

    @Test
    void theSentenceNamesMetricValueAndBound() {
        assertThat(judge(0, 500, new Value(2012.3456)).sentence()).isEqualTo("latency 2012 is above 500");
        assertThat(judge(1, 2, new Value(1.5)).sentence()).isEqualTo("latency 1.5 is between 1 and 2");
    }

    @Test
    void roundingNeverMakesASentenceFalse() {
        assertThat(judge(99, 100, new Value(98.99999)).sentence()).isEqualTo("latency 98.99999 is below 99");
    }

    @Test
    void whatIsNoValueIsNoVerdictEachInItsOwnWords() {
        assertThat(NO_VALUES)
                .extracting(measured -> judge(0, 1, measured).verdict())
                .containsOnly(INCONCLUSIVE);
        assertThat(NO_VALUES)
                .extracting(measured -> judge(0, 1, measured).sentence())
                .doesNotHaveDuplicates()
                .allMatch(sentence -> sentence.startsWith("latency: "));
    }

    @Test
    void strictCountsItAsFailedLikeFlagger() {
        assertThat(NO_VALUES).extracting(measured -> strict(measured).verdict()).containsOnly(FAILED);
        assertThat(strict(new NoData()).sentence()).contains("no values found");
        assertThat(strict(new NotANumber("NaN")).sentence()).contains("no values found");
        assertThat(strict(new NotANumber("-Inf")).sentence()).isEqualTo("latency -Infinity is below 0");
    }

    private static MetricResult judge(double min, double max, Measurement measured) {
        return ThresholdJudge.judge(metric(min, max), measured, false);
    }

    private static MetricResult strict(Measurement measured) {
        return ThresholdJudge.judge(metric(0, 1), measured, true);
    }

    private static MetricSpec metric(double min, double max) {
        return new MetricSpec(
                "latency", new MetricSpec.Query("up"), "1m", new Bounds(Optional.of(min), Optional.of(max)));
    }
}
