package dev.aviary.notifier.channel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.aviary.notifier.alert.Severity;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class RocketChannelTest extends AlertChannelContract {
    @Override
    AlertChannel channel() {
        return new RocketChannel(poster);
    }

    @Test
    void itHasColoursOfItsOwn() throws IOException {
        assertThat(body(Severity.INFO).at("/attachments/0/color").textValue()).isEqualTo("#0076D7");
        assertThat(body(Severity.ERROR).at("/attachments/0/color").textValue()).isEqualTo("#FF0000");
    }
}
