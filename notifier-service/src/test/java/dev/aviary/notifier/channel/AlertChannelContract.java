package dev.aviary.notifier.channel;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.aviary.notifier.Samples;
import dev.aviary.notifier.alert.Alert;
import dev.aviary.notifier.alert.Severity;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What every channel must do, against a real server.
abstract class AlertChannelContract {
    protected final Poster poster = new Poster();
    protected HttpStub server;

    abstract AlertChannel channel();

    @BeforeEach
    void start() throws IOException {
        server = HttpStub.start();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 201, 204})
    void anyTwoHundredIsAccepted(int status) {
        server.answer(status);

        assertThat(deliver(Severity.INFO)).isInstanceOf(Outcome.Accepted.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 401, 404, 410})
    void whatItRefusesIsNotAskedAgain(int status) {
        server.answer(status);

        assertThat(deliver(Severity.INFO)).isEqualTo(new Outcome.Refused("it answered " + status));
    }

    @ParameterizedTest
    @ValueSource(ints = {408, 429, 500, 503})
    void aReceiverInTroubleIsAway(int status) {
        server.answer(status);

        assertThat(deliver(Severity.INFO)).isEqualTo(new Outcome.Away("it answered " + status));
    }

    @Test
    void aReceiverThatIsDownIsAwayAndItsAddressStaysSecret() {
        var receiver = receiver(Optional.empty());
        server.close();

        var outcome = channel().deliver(receiver, told(Severity.INFO));

        assertThat(outcome).isEqualTo(new Outcome.Away("no connection"));
        assertThat(receiver.toString()).doesNotContain("hook-secret");
    }

    @Test
    void anAddressThatIsNoneIsAwayUntilItIsPutRight() {
        var receiver = new Receiver("slack", "not a url", "c", "u", Optional.empty(), Optional.empty());

        assertThat(channel().deliver(receiver, told(Severity.INFO))).isInstanceOf(Outcome.Away.class);
    }

    @Test
    void aProxyIsUsed() {
        var receiver = new Receiver(
                channel().type(),
                "http://hooks.example.invalid/x",
                "general",
                "flagger",
                Optional.of(server.address("")),
                Optional.empty());

        assertThat(channel().deliver(receiver, told(Severity.INFO))).isInstanceOf(Outcome.Accepted.class);
        assertThat(server.last().uri()).contains("hooks.example.invalid");
    }

    protected Outcome deliver(Severity severity) {
        return channel().deliver(receiver(Optional.empty()), told(severity));
    }

    protected JsonNode body(Severity severity) throws IOException {
        deliver(severity);
        return json(server.last().body());
    }

    protected Receiver receiver(Optional<String> token) {
        return new Receiver(
                channel().type(), server.address("/hook-secret"), "releases", "bird", Optional.empty(), token);
    }

    protected static AlertChannel.Told told(Severity severity) {
        return new AlertChannel.Told(
                "eu/shop/checkout/8/shop/slack/0",
                "eu",
                "shop",
                "checkout",
                Samples.NOON,
                new Alert(severity, "Failed checks threshold reached 2", List.of(new Alert.Field("Cluster", "eu"))));
    }

    protected static JsonNode json(String text) throws IOException {
        return new ObjectMapper().readTree(text);
    }
}
