package dev.aviary.notifier.alert;

import static dev.aviary.notifier.Samples.CHECKOUT;
import static dev.aviary.notifier.Samples.NOON;
import static dev.aviary.notifier.Samples.ROLLOUT;
import static dev.aviary.notifier.Samples.known;
import static dev.aviary.notifier.Samples.spec;
import static dev.aviary.notifier.Samples.weights;
import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.events.AlertFailed;
import dev.aviary.events.Percent;
import dev.aviary.events.Promoted;
import dev.aviary.events.RollbackStarted;
import dev.aviary.events.RolloutEvent;
import dev.aviary.flagger.Canary;
import dev.aviary.notifier.alert.Addressing.Defaults;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class AddressingTest {
    private static final Defaults NONE = new Defaults(false, false, false);
    private static final Defaults ALL = new Defaults(true, true, true);
    private static final RolloutEvent INFO = new Promoted(ROLLOUT, Duration.ofMinutes(1), false);
    private static final RolloutEvent ERROR = new RollbackStarted(
            ROLLOUT, 0, RollbackStarted.Cause.DEADLINE, 0, Percent.ZERO, List.of("CrashLoopBackOff"));

    @Test
    void eachReceiverGetsWhatItWants() {
        var alerts = """
                alerts:
                  - {name: a, providerRef: {name: absent}}
                  - {name: b, severity: "", providerRef: {name: empty}}
                  - {name: c, severity: info, providerRef: {name: info}}
                  - {name: d, severity: warn, providerRef: {name: warn}}
                  - {name: e, severity: error, providerRef: {name: error, namespace: ops}}""";

        assertThat(alerted(NONE, INFO, alerts)).containsExactly("shop/absent", "shop/empty", "shop/info");
        assertThat(alerted(NONE, ERROR, alerts))
                .containsExactly("shop/absent", "shop/empty", "shop/info", "shop/warn", "ops/error");
    }

    @Test
    void theSettingsSlackIsForWhoNamesNoProvider() {
        assertThat(alerted(ALL, INFO, "alerts: []")).containsExactly("settings/slack", "settings/webhook");
        assertThat(alerted(ALL, INFO, "alerts: [{name: a, providerRef: {name: own}}]"))
                .containsExactly("shop/own", "settings/webhook");
    }

    @Test
    void theEndIsToldToPostRolloutHooks() {
        var hooks = "webhooks: [{name: report, type: post-rollout, url: 'http://x/'}, {name: load, url: 'http://y/'}]";

        assertThat(receivers(NONE, INFO, hooks)).contains("hook/shop/checkout/report");
        assertThat(receivers(NONE, ERROR, hooks)).noneMatch(receiver -> receiver.startsWith("hook/"));
    }

    @Test
    void theSettingsEventHookIsForWhoHasNone() {
        assertThat(receivers(ALL, ERROR, "webhooks: []")).contains("hook/settings/event");
        assertThat(receivers(ALL, ERROR, "webhooks: [{name: sink, type: event, url: 'http://x/'}]"))
                .contains("hook/shop/checkout/sink")
                .doesNotContain("hook/settings/event");
    }

    @Test
    void aHookIsToldWhetherTheTeamWantsFlaggersWay() {
        var hooks = "webhooks: [{name: report, type: post-rollout, url: 'http://x/'}]";

        assertThat(strict(known(spec(weights("5"), true)), hooks)).containsExactly(Optional.of(true));
        assertThat(strict(known(spec(weights("5"), false)), hooks)).containsExactly(Optional.of(false));
    }

    private static List<Optional<Boolean>> strict(Known known, String analysis) {
        return of(NONE, INFO, analysis, known).stream()
                .map(Delivery::message)
                .filter(Message.ToHook.class::isInstance)
                .map(hook -> ((Message.ToHook) hook).strict())
                .toList();
    }

    /// Else a sink that is away would be told so, without end.
    @Test
    void whatTheNotifierSaysOfItselfIsNotSentOn() {
        assertThat(receivers(ALL, new AlertFailed("1", "shop/own", 3, "404"), "alerts: []"))
                .containsExactly("kubernetes/shop");
    }

    @Test
    void noMessageHoldsAnAddress() {
        var all = of(
                ALL,
                INFO,
                "webhooks: [{name: report, type: post-rollout, url: 'http://secret/', metadata: {k: secret}}]");

        assertThat(all.toString()).doesNotContain("secret");
    }

    private static List<String> alerted(Defaults defaults, RolloutEvent event, String analysis) {
        return of(defaults, event, analysis).stream()
                .map(Delivery::message)
                .filter(Message.ToChannel.class::isInstance)
                .map(Message::receiver)
                .toList();
    }

    private static List<String> receivers(Defaults defaults, RolloutEvent event, String analysis) {
        return of(defaults, event, analysis).stream()
                .map(delivery -> delivery.message().receiver())
                .toList();
    }

    private static List<Delivery> of(Defaults defaults, RolloutEvent event, String analysis) {
        return of(defaults, event, analysis, known());
    }

    private static List<Delivery> of(Defaults defaults, RolloutEvent event, String analysis, Known known) {
        var canary = Serialization.unmarshal(
                "metadata: {name: checkout, namespace: shop, uid: u}\nspec:\n  analysis:\n" + analysis.indent(4),
                Canary.class);
        return new Addressing(defaults)
                .of(CHECKOUT, LoggedEvent.fact("eu/shop/checkout/8", event), NOON, known, Optional.of(canary));
    }
}
