package dev.aviary.eventlog.codec;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.aviary.events.CanaryKey;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/// Keys of records and of stores. Together with [EventSerde] it writes the headers: the key's half is written here.
public final class CanaryKeySerde extends Serdes.WrapperSerde<CanaryKey> {
    public CanaryKeySerde() {
        super(new CanaryKeySerializer(), new CanaryKeyDeserializer());
    }

    /// To be named in `key.serializer`.
    public static final class CanaryKeySerializer implements Serializer<CanaryKey> {
        @Override
        public byte @Nullable [] serialize(String topic, @Nullable CanaryKey key) {
            return key == null ? null : key.toString().getBytes(UTF_8);
        }

        @Override
        public byte @Nullable [] serialize(String topic, @Nullable Headers headers, @Nullable CanaryKey key) {
            if (key != null && headers != null) {
                EventCodec.addressed(headers, key);
            }
            return serialize(topic, key);
        }
    }

    /// To be named in `key.deserializer`. A key that isn't one is refused; Streams then asks `UnreadableKeys`.
    public static final class CanaryKeyDeserializer implements Deserializer<CanaryKey> {
        @Override
        public @Nullable CanaryKey deserialize(String topic, byte @Nullable [] key) {
            if (key == null) {
                return null;
            }
            try {
                return CanaryKey.of(new String(key, UTF_8));
            } catch (IllegalArgumentException e) {
                throw new SerializationException(e.getMessage(), e);
            }
        }
    }
}
