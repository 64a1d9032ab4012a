package dev.aviary.cli.backtest;

import static dev.aviary.cli.backtest.Releases.NOON;
import static dev.aviary.cli.backtest.Releases.label;
import static dev.aviary.cli.backtest.Releases.release;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.aviary.decisions.backtest.Backtested;
import dev.aviary.decisions.backtest.Backtested.Comparison;
import dev.aviary.decisions.backtest.Ending.Kind;
import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.codec.Read;
import dev.aviary.eventlog.topics.Entry;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.Policy;
import dev.aviary.events.RolloutLabelled.Outcome;
import dev.aviary.flagger.Policies;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class BacktestsTest {
    private static final CanaryKey CHECKOUT = new CanaryKey("eu", "shop", "checkout");
    private static final CanaryKey CART = new CanaryKey("eu", "shop", "cart");
    private static final Policy ACTING = Policies.read(Map.of("guard", Map.of("mode", "bound")));

    private final List<Entry> log = new ArrayList<>();

    @Test
    void everyRolloutIsJudgedOnceMore() {
        say(CHECKOUT, release(1, 0));
        say(CART, release(1, 3));
        say(CHECKOUT, release(2, 3));

        var result = run(ACTING, Instant.MIN);

        assertThat(result.rows())
                .extracting(Row::canary, row -> row.result().otherwise().kind())
                .containsExactlyInAnyOrder(
                        tuple(CHECKOUT, Kind.PROMOTED),
                        tuple(CART, Kind.ROLLED_BACK),
                        tuple(CHECKOUT, Kind.ROLLED_BACK));
        assertThat(result.metrics()).containsExactly("request-success-rate");
        assertThat(run(Policy.NONE, Instant.MIN).rows())
                .allMatch(row -> row.result().comparison() == Comparison.SAME);
    }

    @Test
    void theOlderOnesCanBeLeftOut() {
        say(CHECKOUT, release(1, 0));
        say(CHECKOUT, release(2, 0));

        assertThat(run(ACTING, NOON.plus(Duration.ofMinutes(90))).rows())
                .singleElement()
                .satisfies(row -> assertThat(row.result().rollout().number()).isEqualTo(2));
    }

    @Test
    void theLastLabelOfARolloutCountsHoweverLate() {
        say(CHECKOUT, release(1, 3));
        say(CHECKOUT, release(2, 0));
        say(CHECKOUT, List.of(label(1, Outcome.GOOD), label(1, Outcome.BAD), label(2, Outcome.GOOD)));

        var rows = run(ACTING, Instant.MIN).rows();

        assertThat(rows).extracting(Row::label).containsExactly(Optional.of(Outcome.BAD), Optional.of(Outcome.GOOD));
        assertThat(Score.of(rows, Backtested::recorded)).isEqualTo(new Score(0, 1, 0, 1, 0));
        assertThat(Score.of(rows, Backtested::otherwise)).isEqualTo(new Score(1, 0, 0, 1, 0));
        assertThat(Table.summary(rows))
                .contains("2 rollouts: 1 the same, 1 otherwise, 0 not known")
                .anyMatch(line -> line.matches("recall of the bad ones +0.0 % +100.0 %"))
                .anyMatch(line -> line.matches("precision of a rollback +- +100.0 %"));
    }

    @Test
    void theTableSaysWhatAndWhenAndWhy() {
        say(CHECKOUT, release(1, 3));

        var table = Table.of(run(ACTING, Instant.MIN).rows());

        assertThat(table.get(1))
                .matches(
                        "eu/shop/checkout +1 +2026-01-01T13:00:00Z +- +promoted after 11.0 s +rolled back after 2.0 s");
        assertThat(table.get(2)).contains("request-success-rate: 6 of 20 requests failed, where 1 in 100 may");
    }

    @Test
    void withoutLabelsNobodyCanSayWhichIsRight() {
        say(CHECKOUT, release(1, 0));

        assertThat(Table.summary(run(ACTING, Instant.MIN).rows()))
                .containsExactly(
                        "1 rollout: 1 the same, 0 otherwise, 0 not known",
                        "None of them is labelled (`aviary label`), so nobody can say which is right.");
    }

    @Test
    void whatCantBeReadIsCounted() {
        say(CHECKOUT, release(1, 0));
        log.add(3, new Entry("log", 0, 99, NOON, CHECKOUT, new Read.Unknown("canary-danced.v1", false)));

        assertThat(run(ACTING, Instant.MIN).unreadable()).isEqualTo(1);
    }

    private Backtests.Result run(Policy policy, Instant since) {
        return Backtests.of(log.iterator(), policy, _ -> true, since, _ -> {});
    }

    private void say(CanaryKey canary, List<LoggedEvent> said) {
        for (var logged : said) {
            log.add(new Entry("log", 0, log.size(), NOON, canary, new Read.Event(logged)));
        }
    }
}
