package dev.aviary.eventlog.codec;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.aviary.events.CanaryKey;
import dev.aviary.events.Percent;
import dev.aviary.events.Plan;
import dev.aviary.events.RolloutId;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.kafka.common.errors.SerializationException;
import org.junit.jupiter.api.Test;

class JsonSerdeTest {
    sealed interface Phase {
        record Idle() implements Phase {}

        sealed interface UnderWay extends Phase {
            record Progressing(Plan plan, Percent canary, Optional<Instant> due) implements UnderWay {}

            record RollingBack(List<String> reasons) implements UnderWay {
                boolean isOver() { // no property
                    return true;
                }
            }
        }
    }

    record State(long seq, Phase phase, Map<RolloutId, Percent> shares, SortedMap<CanaryKey, Phase> others) {}

    private final JsonSerde<State> states = JsonSerde.of(State.class);

    @Test
    void nestedSealedTypesComeBack() {
        for (int seed = 0; seed < 200; seed++) {
            var state = new Examples(seed).of(State.class);
            assertThat(read(written(state))).isEqualTo(state);
        }
    }

    @Test
    void aRecordOfASealedTypeSaysItsKindByItsSimpleName() {
        assertThat(written(state(new Phase.UnderWay.RollingBack(List.of("p99")))))
                .isEqualTo(
                        "{\"seq\":1,\"phase\":{\"kind\":\"rolling-back\",\"reasons\":[\"p99\"]},\"shares\":{},\"others\":{}}");
    }

    @Test
    void unknownFieldsAreSkippedAndMissingContainersAreEmpty() {
        assertThat(read("{\"seq\":1,\"mood\":{\"x\":[1]},\"phase\":{\"kind\":\"rolling-back\",\"mood\":1}}"))
                .isEqualTo(state(new Phase.UnderWay.RollingBack(List.of())));
        assertThat(read("{\"seq\":1,\"phase\":{\"reasons\":null,\"kind\":\"rolling-back\"},\"shares\":null}"))
                .isEqualTo(state(new Phase.UnderWay.RollingBack(List.of())));
        assertThat(read("{\"seq\":1,\"phase\":{\"kind\":\"idle\"}}")).isEqualTo(state(new Phase.Idle()));
    }

    @Test
    void aMissingValueAndAnUnknownKindAreRefused() {
        assertThatThrownBy(() -> read("{\"phase\":{\"kind\":\"idle\"}}"))
                .isInstanceOf(SerializationException.class)
                .hasMessageContaining("seq");
        assertThatThrownBy(() -> read("{\"seq\":null,\"phase\":{\"kind\":\"idle\"}}"))
                .hasMessageContaining("seq");
        assertThatThrownBy(() -> read("{\"seq\":1}")).hasMessageContaining("phase");
        assertThatThrownBy(() -> read("{\"seq\":1,\"phase\":{\"kind\":\"flying\"}}"))
                .hasMessageContaining("flying");
    }

    sealed interface Clashing {
        record One(String kind) implements Clashing {}
    }

    @Test
    void aComponentThatWouldHideTheKindIsRefused() {
        assertThatThrownBy(() -> JsonSerde.of(Clashing.class).serializer().serialize("", new Clashing.One("x")))
                .hasStackTraceContaining("rename it");
    }

    private static State state(Phase phase) {
        return new State(1, phase, Map.of(), new TreeMap<>());
    }

    private String written(State state) {
        return new String(states.serializer().serialize("", state), UTF_8);
    }

    private State read(String json) {
        return states.deserializer().deserialize("", json.getBytes(UTF_8));
    }
}
