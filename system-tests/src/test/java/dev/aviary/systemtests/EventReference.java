package dev.aviary.systemtests;

import com.fasterxml.jackson.databind.JsonNode;
import dev.aviary.eventlog.codec.EventCodec;
import dev.aviary.eventlog.codec.JsonSchemas;
import dev.aviary.eventlog.codec.WireTypes;
import dev.aviary.events.RolloutEvent;
import dev.aviary.events.WireType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/// `docs/reference/events.md`: names and shapes from the schemas, meanings from the records' doc comments.
final class EventReference {
    private static final Path SOURCES = Repository.ROOT.resolve("rollout-events/src/main/java/dev/aviary/events");
    private static final String ROOT = "dev.aviary.events.";

    /// By name, the records and sealed types that events refer to.
    private final Map<String, JsonNode> parts = new TreeMap<>();

    private final List<String> lines = new ArrayList<>();

    static String document() {
        return new EventReference().written();
    }

    private String written() {
        lines.add(
                """
                # Events

                %s

                Each is a record on Kafka, keyed `cluster/namespace/canary`: a CloudEvent 1.0 in binary mode. The value is JSON as below;
                further fields are allowed, and readers skip them. `metrics-measured.v1` and `requests-counted.v1` lie on the topic
                `aviary.measurements`, all others on `aviary.rollout-events` (`aviary.` is the setting `topic-prefix`). The JSON Schemas are in
                `event-log`'s jar, as `schemas/NAME.json`.

                | header | holds |
                |---|---|
                | `ce_id` | derived from what is said: a repeated one is the same event |
                | `ce_type` | `%s` and the name below |
                | `ce_source` | `/aviary/CLUSTER/SERVICE` |
                | `ce_subject` | `NAMESPACE/CANARY` |
                | `ce_time` | when it was said; a decision's is its `ce_now` |
                | `ce_says` | the family, such as `router-decision` |
                | `ce_seq`, `ce_after`, `ce_decider`, `ce_now` | of a decision alone: its number, the last offset known per topic, the decider's version, its clock |
                """.formatted(ReferenceTest.WRITTEN_BY, EventCodec.TYPE_PREFIX).strip());
        for (var family : RolloutEvent.class.getPermittedSubclasses()) {
            lines.add("\n## " + family.getSimpleName() + "\n\n"
                    + doc(family.getSimpleName()).what());
            for (var event : family.getPermittedSubclasses()) {
                event(event.asSubclass(RolloutEvent.class));
            }
        }
        lines.add("\n## What they are made of");
        parts.forEach(this::part);
        return String.join("\n", lines) + "\n";
    }

    private void event(Class<? extends RolloutEvent> event) {
        var schema = JsonSchemas.of(event);
        schema.path("$defs").properties().forEach(part -> parts.put(part.getKey(), part.getValue()));
        var doc = doc(event.getSimpleName());
        if (doc.what().isEmpty()) {
            throw new IllegalStateException(event.getName() + " has no doc comment: say what it means");
        }
        lines.add("\n### " + WireTypes.of(event) + "\n\n" + doc.what());
        fields(schema, doc);
    }

    private void part(String name, JsonNode schema) {
        var doc = doc(name);
        lines.add(("\n### " + name + "\n\n" + doc.what()).stripTrailing());
        if (schema.has("oneOf")) {
            schema.path("oneOf").forEach(choice -> choice(name, choice));
        } else {
            fields(schema, doc);
        }
    }

    private void choice(String sealed, JsonNode schema) {
        var told = schema.path("properties").properties().stream()
                .filter(property -> property.getValue().has("const"))
                .findFirst()
                .orElseThrow();
        var kind = told.getValue().path("const").asText();
        var leaf = leaves(type(sealed))
                .filter(one -> kind(one).equals(kind))
                .findFirst()
                .orElseThrow();
        var doc = doc(leaf.getName().substring(ROOT.length()).replace('$', '.'));
        lines.add("\n- `\"%s\": \"%s\"` %s"
                .formatted(told.getKey(), kind, doc.what())
                .stripTrailing());
        fields(schema, doc);
    }

    private void fields(JsonNode schema, JavaSource.Doc doc) {
        var required = StreamSupport.stream(schema.path("required").spliterator(), false)
                .map(JsonNode::asText)
                .collect(Collectors.toSet());
        var rows = schema.path("properties").properties().stream()
                .filter(property -> !property.getValue().has("const"))
                .map(property -> "| `%s` | %s%s | %s |"
                        .formatted(
                                property.getKey(),
                                shape(property.getValue()),
                                required.contains(property.getKey()) ? "" : ", may be missing",
                                doc.params().getOrDefault(property.getKey(), "")))
                .toList();
        if (!rows.isEmpty()) {
            lines.add("\n| field | JSON | is |\n|---|---|---|");
            lines.addAll(rows);
        }
    }

    private static String shape(JsonNode schema) {
        if (schema.has("$ref")) {
            var name = schema.path("$ref").asText().replace("#/$defs/", "");
            return "[%s](#%s)".formatted(name, name.toLowerCase(Locale.ROOT).replace(".", ""));
        }
        if (schema.has("enum")) {
            return StreamSupport.stream(schema.path("enum").spliterator(), false)
                    .map(word -> "`" + word.asText() + "`")
                    .collect(Collectors.joining(", "));
        }
        return switch (schema.path("type").asText()) {
            case "array" -> "list of " + shape(schema.path("items"));
            case "object" -> "map to " + shape(schema.path("additionalProperties"));
            case "number" -> schema.has("maximum") ? "percent" : "number";
            case "string" -> schema.path("format").asText("string").replace("date-time", "instant, UTC");
            case String other -> other;
        };
    }

    private static JavaSource.Doc doc(String name) {
        var names = name.split("\\.");
        return JavaSource.of(SOURCES.resolve(names[0] + ".java"))
                .type(names[names.length - 1])
                .orElseGet(() -> new JavaSource.Doc("", Map.of()));
    }

    private static Class<?> type(String name) {
        try {
            return Class.forName(ROOT + name.replace('.', '$'));
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Stream<Class<?>> leaves(Class<?> type) {
        return type.isSealed()
                ? Stream.of(type.getPermittedSubclasses()).flatMap(EventReference::leaves)
                : Stream.of(type);
    }

    private static String kind(Class<?> leaf) {
        return Optional.ofNullable(leaf.getAnnotation(WireType.class))
                .map(WireType::value)
                .orElseGet(() -> leaf.getSimpleName()
                        .replaceAll("(?<=[a-z0-9])(?=[A-Z])", "-")
                        .toLowerCase(Locale.ROOT));
    }
}
