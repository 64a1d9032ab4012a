package dev.aviary.eventlog.codec;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import dev.aviary.events.CanaryKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;

/// A record of the log, as a file: what was ever written must stay readable.
record Sample(SortedMap<String, String> headers, String key, JsonNode value) {
    static final Path FOLDER = Path.of("src/test/resources/samples");
    private static final Path ODD = FOLDER.resolve("odd");

    static Path file(String type) {
        return FOLDER.resolve(type + ".json");
    }

    static Sample of(String type) {
        return read(file(type));
    }

    static Sample odd(String name) {
        return read(ODD.resolve(name + ".json"));
    }

    private static Sample read(Path file) {
        try {
            return Json.mapper().readValue(Files.readString(file), Sample.class);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Sample of(ProducerRecord<byte[], byte[]> record) throws IOException {
        var headers = new TreeMap<String, String>();
        record.headers().forEach(header -> headers.put(header.key(), new String(header.value(), UTF_8)));
        return new Sample(
                headers, new String(record.key(), UTF_8), Json.mapper().readTree(record.value()));
    }

    void write(Path file) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, Json.mapper().writerWithDefaultPrettyPrinter().writeValueAsString(this) + "\n");
    }

    CanaryKey canary() {
        return CanaryKey.of(key);
    }

    byte[] bytes() {
        return value.toString().getBytes(UTF_8);
    }

    Headers kafkaHeaders() {
        var all = new RecordHeaders();
        headers.forEach((name, text) -> all.add(name, text.getBytes(UTF_8)));
        return all;
    }
}
