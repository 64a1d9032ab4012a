package dev.aviary.eventlog.codec;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectReader;
import dev.aviary.eventlog.LoggedEvent;
import dev.aviary.eventlog.LoggedEvent.Taken;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.RolloutEvent;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.stream.Collectors;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/// CloudEvents 1.0 in Kafka's binary mode: the envelope is in the headers, the event alone is the value, in JSON.
///
/// Beside the attributes of the specification a record carries `ce_says`, the family of its event, such as
/// `router-decision`; a decision also carries `ce_seq`, `ce_after`, `ce_decider` and `ce_now` ([Taken]).
///
/// @see <a
/// href="https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md">CloudEvents:
/// Kafka</a>
public final class EventCodec {
    /// Before the wire type in `ce_type`.
    public static final String TYPE_PREFIX = "dev.aviary.";

    static final String DECISION = "router-decision";
    private static final ObjectReader OFFSETS =
            Json.mapper().readerFor(new TypeReference<SortedMap<String, Long>>() {});
    private static final Map<String, Reader> READERS = readers();

    private final InstantSource clock;

    /// @param clock says `ce_time` of facts; a decision's is its `now`
    public EventCodec(InstantSource clock) {
        this.clock = clock;
    }

    /// The same event gives the same record, whoever sends it again; only a fact's `ce_time` differs.
    public ProducerRecord<byte[], byte[]> write(String topic, CanaryKey key, LoggedEvent logged) {
        var written = new ProducerRecord<byte[], byte[]>(topic, key.toString().getBytes(UTF_8), null);
        addressed(written.headers(), key);
        var value = value(written.headers(), logged);
        return new ProducerRecord<>(topic, null, null, written.key(), value, written.headers());
    }

    /// First half of the headers: what the key tells. Kafka serialises the key before the value, with the same
    /// headers; what a record that is passed on brought along is replaced.
    static void addressed(Headers headers, CanaryKey key) {
        Arrays.stream(headers.toArray())
                .map(Header::key)
                .filter(name -> name.startsWith("ce_"))
                .distinct()
                .toList()
                .forEach(headers::remove);
        put(headers, "ce_source", "/aviary/" + key.cluster());
        put(headers, "ce_subject", key.namespace() + "/" + key.name());
    }

    /// Second half, and the value.
    byte[] value(Headers headers, LoggedEvent logged) {
        var event = logged.event();
        var source = text(headers, "ce_source")
                .orElseThrow(() ->
                        new IllegalStateException("an event was written without its canary: key.serializer must be "
                                + CanaryKeySerde.CanaryKeySerializer.class.getName()));
        put(headers, "ce_specversion", "1.0");
        put(headers, "ce_id", logged.id());
        put(headers, "ce_type", TYPE_PREFIX + WireTypes.of(event.getClass()));
        put(headers, "ce_source", source + "/" + WireTypes.service(event));
        put(headers, "ce_says", WireTypes.says(event));
        put(
                headers,
                "ce_time",
                logged.taken().map(Taken::now).orElseGet(clock::instant).toString());
        put(headers, "content-type", "application/json");
        try {
            if (logged.taken().isPresent()) {
                var taken = logged.taken().get();
                put(headers, "ce_seq", Long.toString(taken.seq()));
                put(headers, "ce_after", Json.mapper().writeValueAsString(taken.after()));
                put(headers, "ce_decider", Integer.toString(taken.decider()));
                put(headers, "ce_now", taken.now().toString());
            }
            return Json.mapper().writeValueAsBytes(event);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(
                    "%s can't be written: %s".formatted(event.getClass().getName(), Json.why(e)), e);
        }
    }

    /// Reading needs no clock, and never throws.
    ///
    /// @param value null if the record has none
    public static Read read(Headers headers, byte @Nullable [] value) {
        var envelope = new Envelope(headers);
        var known = Optional.ofNullable(envelope.type).map(READERS::get);
        if (known.isEmpty()) {
            return unknown(envelope);
        }
        var name = known.get().name();
        if (envelope.id == null) {
            return new Read.Broken(name + " has no header ce_id");
        }
        if (value == null) {
            return new Read.Broken(name + " has no value");
        }
        try {
            RolloutEvent event = known.get().json().readValue(value);
            return event == null
                    ? new Read.Broken(name + " can't be read: its value is null")
                    : new Read.Event(new LoggedEvent(envelope.id, event, envelope.taken()));
        } catch (JsonProcessingException e) {
            return new Read.Broken(name + " can't be read: " + Json.why(e));
        } catch (IOException | IllegalArgumentException | DateTimeException e) {
            return new Read.Broken(name + " can't be read: " + e.getMessage());
        }
    }

    private static Read unknown(Envelope envelope) {
        var type = Optional.ofNullable(envelope.type);
        return type.filter(name -> name.startsWith(TYPE_PREFIX))
                // Older than ce_says can't be: a decision that doesn't say so still has a seq.
                .<Read>map(name -> new Read.Unknown(name.substring(TYPE_PREFIX.length()), envelope.isDecision()))
                .orElseGet(
                        () -> new Read.Broken(type.map("ce_type is \"%s\"; ours begin with \"dev.aviary.\""::formatted)
                                .orElse("no header ce_type: not a CloudEvent in binary mode")));
    }

    private static Map<String, Reader> readers() {
        return WireTypes.all().entrySet().stream()
                .collect(Collectors.toUnmodifiableMap(
                        type -> TYPE_PREFIX + type.getKey(),
                        type -> new Reader(type.getKey(), Json.mapper().readerFor(type.getValue()))));
    }

    /// @param name of the type, such as `step-started.v1`
    private record Reader(String name, ObjectReader json) {}

    /// What is read of the headers, found in one pass over them: a log has millions of records, a record a dozen
    /// headers. The last of a name counts.
    private static final class Envelope {
        private @Nullable String type;
        private @Nullable String id;
        private byte @Nullable [] says;
        private byte @Nullable [] seq;
        private byte @Nullable [] after;
        private byte @Nullable [] decider;
        private byte @Nullable [] now;

        Envelope(Headers headers) {
            for (var header : headers) {
                switch (header.key()) {
                    case "ce_type" -> type = text(header.value());
                    case "ce_id" -> id = text(header.value());
                    case "ce_says" -> says = header.value();
                    case "ce_seq" -> seq = header.value();
                    case "ce_after" -> after = header.value();
                    case "ce_decider" -> decider = header.value();
                    case "ce_now" -> now = header.value();
                    default -> {}
                }
            }
        }

        boolean isDecision() {
            var said = text(says);
            return said == null ? seq != null : said.equals(DECISION);
        }

        Optional<Taken> taken() throws IOException {
            return seq == null
                    ? Optional.empty()
                    : Optional.of(new Taken(
                            Long.parseLong(new String(seq, UTF_8)),
                            OFFSETS.readValue(required("ce_after", after)),
                            Integer.parseInt(new String(required("ce_decider", decider), UTF_8)),
                            Times.instant(new String(required("ce_now", now), UTF_8))));
        }

        private static byte[] required(String name, byte @Nullable [] value) {
            if (value == null) {
                throw new IllegalArgumentException("a decision without header " + name);
            }
            return value;
        }

        private static @Nullable String text(byte @Nullable [] value) {
            return value == null ? null : new String(value, UTF_8);
        }
    }

    private static Optional<String> text(Headers headers, String name) {
        return Optional.ofNullable(headers.lastHeader(name)).map(Header::value).map(value -> new String(value, UTF_8));
    }

    private static void put(Headers headers, String name, String value) {
        headers.remove(name).add(name, value.getBytes(UTF_8));
    }
}
