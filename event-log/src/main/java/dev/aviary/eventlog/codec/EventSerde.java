package dev.aviary.eventlog.codec;

import dev.aviary.eventlog.LoggedEvent;
import java.time.InstantSource;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/// Events on their way into a topic, beside [CanaryKeySerde]. Who reads a topic takes [ReadSerde], which never throws.
public final class EventSerde extends Serdes.WrapperSerde<LoggedEvent> {
    public EventSerde() {
        this(InstantSource.system());
    }

    public EventSerde(InstantSource clock) {
        super(new EventSerializer(clock), new EventDeserializer());
    }

    /// To be named in `value.serializer`.
    public static final class EventSerializer implements Serializer<LoggedEvent> {
        private final EventCodec codec;

        public EventSerializer() {
            this(InstantSource.system());
        }

        public EventSerializer(InstantSource clock) {
            codec = new EventCodec(clock);
        }

        @Override
        public byte[] serialize(String topic, LoggedEvent event) {
            throw new SerializationException("an event needs headers; it can't be a store's value: take JsonSerde");
        }

        @Override
        public byte[] serialize(String topic, Headers headers, LoggedEvent event) {
            return codec.value(headers, event);
        }
    }

    /// For tests and tools: refuses what [ReadSerde] would tell.
    public static final class EventDeserializer implements Deserializer<LoggedEvent> {
        @Override
        public LoggedEvent deserialize(String topic, byte[] value) {
            throw new SerializationException("an event needs headers");
        }

        @Override
        public LoggedEvent deserialize(String topic, Headers headers, byte @Nullable [] value) {
            return switch (EventCodec.read(headers, value)) {
                case Read.Event(var logged) -> logged;
                case Read.Unknown(var type, var _) -> throw new SerializationException("unknown event " + type);
                case Read.Broken(var why) -> throw new SerializationException(why);
            };
        }
    }
}
