package dev.aviary.events;

/// @param kind as in a Canary's `spec.targetRef.kind`, such as `Deployment`
public record WorkloadRef(String kind, String name) {
    /// The workload that serves live traffic: Flagger's name for it.
    public String primary() {
        return name + "-primary";
    }

    @Override
    public String toString() {
        return kind + " " + name;
    }
}
