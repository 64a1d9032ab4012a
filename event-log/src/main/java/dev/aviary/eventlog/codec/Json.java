package dev.aviary.eventlog.codec;

import com.fasterxml.jackson.annotation.JsonAutoDetect.Visibility;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.annotation.PropertyAccessor;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.KeyDeserializer;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.Percent;
import dev.aviary.events.RolloutId;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/// The one way in which records become JSON and come back: events, states, dead letters, the API's answers.
///
/// - A record is an object; one of a sealed type says which in `kind` (of an event: in `type`).
/// - [Percent] is a number in percent, `12.5`; [CanaryKey] and [RolloutId] are strings.
/// - `Duration` and `Instant` are ISO 8601; an enum's constant is lower case with dashes.
/// - An absent `Optional` is missing. Missing optionals, lists and maps are read as empty; anything else that is
///   missing can't be read. Unknown fields are skipped.
public final class Json {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .annotationIntrospector(new RecordIntrospector())
            .addModules(new Jdk8Module(), new JavaTimeModule(), ours())
            .visibility(PropertyAccessor.GETTER, Visibility.NONE)
            .visibility(PropertyAccessor.IS_GETTER, Visibility.NONE)
            .visibility(PropertyAccessor.FIELD, Visibility.ANY)
            .visibility(PropertyAccessor.CREATOR, Visibility.ANY)
            .defaultPropertyInclusion(
                    JsonInclude.Value.construct(JsonInclude.Include.NON_ABSENT, JsonInclude.Include.USE_DEFAULTS))
            .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS, SerializationFeature.WRITE_DURATIONS_AS_TIMESTAMPS)
            .disable(SerializationFeature.FAIL_ON_EMPTY_BEANS)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .disable(DeserializationFeature.ADJUST_DATES_TO_CONTEXT_TIME_ZONE)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .withConfigOverride(List.class, override -> override.setSetterInfo(emptyIfMissing()))
            .withConfigOverride(Set.class, override -> override.setSetterInfo(emptyIfMissing()))
            .withConfigOverride(SortedSet.class, override -> override.setSetterInfo(emptyIfMissing()))
            .withConfigOverride(Map.class, override -> override.setSetterInfo(emptyIfMissing()))
            .withConfigOverride(SortedMap.class, override -> override.setSetterInfo(emptyIfMissing()))
            .build();

    private Json() {}

    /// To be used, not to be configured; who needs it another way takes a `copy()`.
    public static JsonMapper mapper() {
        return MAPPER;
    }

    /// Why it couldn't be read, in one sentence without the text that it was.
    static String why(JsonProcessingException failed) {
        var message = failed.getOriginalMessage();
        if (failed instanceof JsonMappingException mapping && !mapping.getPath().isEmpty()) {
            var path = mapping.getPath().stream()
                    .map(at -> at.getFieldName() == null ? "[" + at.getIndex() + "]" : at.getFieldName())
                    .collect(Collectors.joining("."));
            return path + ": " + message;
        }
        return message;
    }

    private static JsonSetter.Value emptyIfMissing() {
        return JsonSetter.Value.forValueNulls(Nulls.AS_EMPTY);
    }

    private static SimpleModule ours() {
        return new SimpleModule("aviary")
                .addSerializer(Percent.class, new PercentSerializer())
                .addDeserializer(Percent.class, new TextDeserializer<>(Percent.class, Percent::of))
                .addDeserializer(Instant.class, new TextDeserializer<>(Instant.class, Times::instant))
                .addDeserializer(Duration.class, new TextDeserializer<>(Duration.class, Times::duration))
                .addSerializer(CanaryKey.class, ToStringSerializer.instance)
                .addDeserializer(CanaryKey.class, new TextDeserializer<>(CanaryKey.class, CanaryKey::of))
                .addKeyDeserializer(CanaryKey.class, new TextKeyDeserializer(CanaryKey::of))
                .addSerializer(RolloutId.class, ToStringSerializer.instance)
                .addDeserializer(RolloutId.class, new TextDeserializer<>(RolloutId.class, RolloutId::of))
                .addKeyDeserializer(RolloutId.class, new TextKeyDeserializer(RolloutId::of));
    }

    private static final class PercentSerializer extends StdSerializer<Percent> {
        PercentSerializer() {
            super(Percent.class);
        }

        @Override
        public void serialize(Percent share, JsonGenerator json, SerializerProvider provider) throws IOException {
            json.writeNumber(new BigDecimal(share.toString()));
        }
    }

    /// What is one string or number in JSON.
    private static final class TextDeserializer<T> extends StdDeserializer<T> {
        private final transient Function<String, T> parsed;

        TextDeserializer(Class<T> type, Function<String, T> parsed) {
            super(type);
            this.parsed = parsed;
        }

        @Override
        public T deserialize(JsonParser json, DeserializationContext context) throws IOException {
            if (!json.currentToken().isScalarValue()) {
                return context.reportInputMismatch(this, "expected one value, got %s", json.currentToken());
            }
            try {
                return parsed.apply(json.getText());
            } catch (IllegalArgumentException | ArithmeticException | DateTimeException e) {
                return context.reportInputMismatch(this, "%s", e.getMessage());
            }
        }
    }

    private static final class TextKeyDeserializer extends KeyDeserializer {
        private final Function<String, ?> parsed;

        TextKeyDeserializer(Function<String, ?> parsed) {
            this.parsed = parsed;
        }

        @Override
        public Object deserializeKey(String key, DeserializationContext context) {
            return parsed.apply(key);
        }
    }
}
