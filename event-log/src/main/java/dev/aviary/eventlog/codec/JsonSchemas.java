package dev.aviary.eventlog.codec;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.Percent;
import dev.aviary.events.RolloutEvent;
import dev.aviary.events.RolloutId;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/// What [Json] makes of a record, as JSON Schema 2020-12. Further fields are allowed: readers skip them.
///
/// The events' schemas are published as `schemas/<wire type>.json` in this module's jar.
public final class JsonSchemas {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    /// By name, the records and sealed types that this schema refers to.
    private final Map<String, ObjectNode> definitions = new TreeMap<>();

    private JsonSchemas() {}

    /// Of an event's value.
    public static ObjectNode of(Class<? extends RolloutEvent> event) {
        var schemas = new JsonSchemas();
        var name = WireTypes.of(event);
        var schema = JSON.objectNode()
                .put("$schema", "https://json-schema.org/draft/2020-12/schema")
                .put("$id", "https://aviary.dev/schemas/%s.json".formatted(name))
                .put("title", EventCodec.TYPE_PREFIX + name);
        schema.setAll(schemas.record(event));
        if (!schemas.definitions.isEmpty()) {
            var definitions = schema.putObject("$defs");
            schemas.definitions.forEach(definitions::set);
        }
        return schema;
    }

    private ObjectNode record(Class<?> type) {
        var properties = JSON.objectNode();
        var required = JSON.arrayNode();
        for (var component : type.getRecordComponents()) {
            properties.set(component.getName(), schema(component.getGenericType()));
            if (!RecordIntrospector.mayBeMissing(component.getType())) {
                required.add(component.getName());
            }
        }
        var schema = JSON.objectNode().put("type", "object");
        schema.set("properties", properties);
        schema.set("required", required);
        return schema;
    }

    private ObjectNode schema(Type type) {
        return type instanceof ParameterizedType generic
                ? container((Class<?>) generic.getRawType(), generic.getActualTypeArguments())
                : single((Class<?>) type);
    }

    private ObjectNode container(Class<?> type, Type[] of) {
        if (type == Optional.class) {
            return schema(of[0]);
        }
        if (Collection.class.isAssignableFrom(type)) {
            var array = JSON.objectNode().put("type", "array");
            array.set("items", schema(of[0]));
            return array;
        }
        if (Map.class.isAssignableFrom(type)) {
            var object = JSON.objectNode().put("type", "object");
            object.set("additionalProperties", schema(of[1]));
            return object;
        }
        throw new IllegalArgumentException("no schema for " + type.getName() + ": say here how Json writes it");
    }

    private ObjectNode single(Class<?> type) {
        if (type == String.class) {
            return typed("string");
        }
        if (type == boolean.class || type == Boolean.class) {
            return typed("boolean");
        }
        if (type == int.class || type == Integer.class || type == long.class || type == Long.class) {
            return typed("integer");
        }
        if (type == double.class || type == Double.class) {
            return typed("number");
        }
        if (type == Percent.class) {
            return typed("number").put("minimum", 0).put("maximum", 100);
        }
        if (type == RolloutId.class) {
            return typed("string").put("pattern", "^[0-9]+-");
        }
        if (type == CanaryKey.class) {
            return typed("string").put("pattern", "^[^/]*/[^/]*/[^/]*$");
        }
        if (type == Duration.class) {
            return typed("string").put("format", "duration");
        }
        if (type == Instant.class) {
            return typed("string").put("format", "date-time");
        }
        if (Enum.class.isAssignableFrom(type)) {
            var schema = typed("string");
            schema.set("enum", words(type));
            return schema;
        }
        return reference(type);
    }

    private ObjectNode reference(Class<?> type) {
        var name = type.getName().substring(type.getPackageName().length() + 1).replace('$', '.');
        if (!definitions.containsKey(name)) {
            definitions.put(name, JSON.objectNode()); // known, should it refer to itself
            definitions.put(name, RecordIntrospector.isChoice(type) ? choice(type) : record(type));
        }
        return JSON.objectNode().put("$ref", "#/$defs/" + name);
    }

    private ObjectNode choice(Class<?> sealed) {
        var property = RecordIntrospector.property(sealed);
        var choices = JSON.arrayNode();
        WireTypes.leaves(sealed).forEach(leaf -> {
            var schema = record(leaf);
            schema.withObjectProperty("properties").putObject(property).put("const", WireTypes.kind(leaf));
            schema.withArrayProperty("required").add(property);
            choices.add(schema);
        });
        var schema = JSON.objectNode();
        schema.set("oneOf", choices);
        return schema;
    }

    private static ArrayNode words(Class<?> type) {
        var words = JSON.arrayNode();
        Stream.of(type.getEnumConstants())
                .map(constant -> WireTypes.dashed((Enum<?>) constant))
                .forEach(words::add);
        return words;
    }

    private static ObjectNode typed(String type) {
        return JSON.objectNode().put("type", type);
    }
}
