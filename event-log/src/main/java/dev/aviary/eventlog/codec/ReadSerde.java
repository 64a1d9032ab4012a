package dev.aviary.eventlog.codec;

import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/// What is read from a topic of events; it never throws. An event that was read can be written again, too.
public final class ReadSerde extends Serdes.WrapperSerde<Read> {
    public ReadSerde() {
        super(new ReadSerializer(), new ReadDeserializer());
    }

    /// To be named in `value.deserializer`.
    public static final class ReadDeserializer implements Deserializer<Read> {
        @Override
        public Read deserialize(String topic, byte @Nullable [] value) {
            return new Read.Broken("no headers: not a CloudEvent in binary mode");
        }

        @Override
        public Read deserialize(String topic, Headers headers, byte @Nullable [] value) {
            return EventCodec.read(headers, value);
        }
    }

    private static final class ReadSerializer implements Serializer<Read> {
        private final EventSerde.EventSerializer events = new EventSerde.EventSerializer();

        @Override
        public byte[] serialize(String topic, Read read) {
            throw new SerializationException("an event needs headers");
        }

        @Override
        public byte[] serialize(String topic, Headers headers, Read read) {
            return switch (read) {
                case Read.Event(var logged) -> events.serialize(topic, headers, logged);
                case Read.Unknown _, Read.Broken _ ->
                    throw new SerializationException("what couldn't be read can't be written: " + read);
            };
        }
    }
}
