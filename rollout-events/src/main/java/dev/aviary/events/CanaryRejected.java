package dev.aviary.events;

/// A Canary, or something that it names, makes no sense. What was applied before goes on.
///
/// @param object    what is wrong, such as `Canary shop/checkout`
/// @param field     path of the field, such as `spec.analysis.interval`
/// @param meanwhile what holds until it is put right
@WireType("canary-rejected.v1")
public record CanaryRejected(String object, String field, String why, String meanwhile) implements DetectorEvent {
    public String sentence() {
        return "%s: %s %s. %s".formatted(object, field, why, meanwhile);
    }
}
