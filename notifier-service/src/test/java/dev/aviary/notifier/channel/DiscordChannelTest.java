package dev.aviary.notifier.channel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.notifier.alert.Severity;
import org.junit.jupiter.api.Test;

class DiscordChannelTest extends AlertChannelContract {
    @Override
    AlertChannel channel() {
        return new DiscordChannel(poster);
    }

    @Test
    void slacksBodyGoesBehindItsOwnPath() {
        deliver(Severity.INFO);

        assertThat(server.last().uri()).isEqualTo("/hook-secret/slack");
    }
}
