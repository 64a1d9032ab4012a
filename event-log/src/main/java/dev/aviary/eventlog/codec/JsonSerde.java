package dev.aviary.eventlog.codec;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.io.IOException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;

/// Values of a store, or of a topic that isn't one of events, as [Json] writes them.
public final class JsonSerde<T> implements Serde<T> {
    private final JavaType type;
    private final ObjectWriter writer;
    private final ObjectReader reader;

    private JsonSerde(JavaType type) {
        this.type = type;
        this.writer = Json.mapper().writerFor(type);
        this.reader = Json.mapper().readerFor(type);
    }

    public static <T> JsonSerde<T> of(Class<T> type) {
        return new JsonSerde<>(Json.mapper().constructType(type));
    }

    public static <T> JsonSerde<T> of(TypeReference<T> type) {
        return new JsonSerde<>(Json.mapper().constructType(type));
    }

    @Override
    public Serializer<T> serializer() {
        return (_, value) -> value == null ? null : written(value);
    }

    /// @throws SerializationException if the bytes aren't such a value
    @Override
    public Deserializer<T> deserializer() {
        return (_, bytes) -> bytes == null ? null : read(bytes);
    }

    private byte[] written(T value) {
        try {
            return writer.writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            throw new SerializationException("%s can't be written: %s".formatted(type.toCanonical(), Json.why(e)), e);
        }
    }

    private T read(byte[] bytes) {
        try {
            return reader.readValue(bytes);
        } catch (JsonProcessingException e) {
            throw new SerializationException("%s can't be read: %s".formatted(type.toCanonical(), Json.why(e)), e);
        } catch (IOException e) {
            throw new SerializationException("%s can't be read: %s".formatted(type.toCanonical(), e.getMessage()), e);
        }
    }
}
