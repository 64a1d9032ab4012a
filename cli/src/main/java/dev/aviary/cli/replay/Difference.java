package dev.aviary.cli.replay;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.aviary.eventlog.codec.Json;
import dev.aviary.eventlog.codec.WireTypes;
import dev.aviary.events.RolloutEvent;
import java.util.Iterator;
import java.util.Optional;
import java.util.TreeSet;

/// The first decision of which the log and the replay say different things.
///
/// @param decider    whose
/// @param where      `topic/partition/offset` of the decision; of a missing one, of the input behind which it belongs
/// @param event      wire type
/// @param field      path in the event's JSON, or `seq`, or empty if the whole decision is missing or too many
/// @param recorded   as JSON, empty if it isn't on the log
/// @param recomputed as JSON, empty if it doesn't follow
public record Difference(String decider, String where, String event, String field, String recorded, String recomputed) {
    static Difference missing(String decider, String where, RolloutEvent recomputed) {
        return new Difference(
                decider, where, type(recomputed), "", "", json(recomputed).toString());
    }

    static Difference tooMany(String decider, String where, RolloutEvent recorded) {
        return new Difference(decider, where, type(recorded), "", json(recorded).toString(), "");
    }

    static Difference seq(String decider, String where, RolloutEvent event, long recorded, long recomputed) {
        return new Difference(decider, where, type(event), "seq", Long.toString(recorded), Long.toString(recomputed));
    }

    /// Empty if both are the same, bit for bit, as they are written.
    static Optional<Difference> between(String decider, String where, RolloutEvent recorded, RolloutEvent recomputed) {
        if (recorded.equals(recomputed)) {
            return Optional.empty();
        }
        if (!recorded.getClass().equals(recomputed.getClass())) {
            return Optional.of(
                    new Difference(decider, where, type(recorded), "type", type(recorded), type(recomputed)));
        }
        return between("", json(recorded), json(recomputed))
                .map(at -> new Difference(decider, where, type(recorded), at.path, at.left, at.right));
    }

    private record At(String path, String left, String right) {}

    private static Optional<At> between(String path, JsonNode left, JsonNode right) {
        if (left.equals(right)) {
            return Optional.empty();
        }
        if (left.isObject() && right.isObject()) {
            var names = new TreeSet<String>();
            add(left.fieldNames(), names);
            add(right.fieldNames(), names);
            return names.stream()
                    .map(name -> between(path.isEmpty() ? name : path + "." + name, at(left, name), at(right, name)))
                    .flatMap(Optional::stream)
                    .findFirst();
        }
        if (left.isArray() && right.isArray() && left.size() == right.size()) {
            return java.util.stream.IntStream.range(0, left.size())
                    .mapToObj(i -> between("%s[%d]".formatted(path, i), left.path(i), right.path(i)))
                    .flatMap(Optional::stream)
                    .findFirst();
        }
        return Optional.of(new At(path, left.toString(), right.toString()));
    }

    private static JsonNode at(JsonNode node, String name) {
        return node.has(name) ? node.path(name) : MissingNode.getInstance();
    }

    private static void add(Iterator<String> names, TreeSet<String> all) {
        names.forEachRemaining(all::add);
    }

    private static String type(RolloutEvent event) {
        return WireTypes.of(event.getClass());
    }

    private static JsonNode json(RolloutEvent event) {
        return Json.mapper().valueToTree(event);
    }

    /// For a person, one sentence.
    public String sentence() {
        if (recorded.isEmpty()) {
            return "the %s decider's %s is missing: it follows behind %s and reads %s"
                    .formatted(decider, event, where, recomputed);
        }
        if (recomputed.isEmpty()) {
            return "the %s decider's %s at %s is one too many: nothing known then leads to it; it reads %s"
                    .formatted(decider, event, where, recorded);
        }
        return "the %s decider's %s at %s differs in %s: recorded %s, recomputed %s"
                .formatted(decider, event, where, field, recorded, recomputed);
    }
}
