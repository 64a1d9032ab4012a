package dev.aviary.events;

/// One metric of a Canary, with its query as it is asked.
///
/// @param name   as in the Canary's `analysis.metrics`
/// @param window over which it is taken, in the query's own words, such as `1m`
/// @param bounds in the metric's own unit; `request-duration` in milliseconds
public record MetricSpec(String name, Source source, String window, Bounds bounds) {
    public sealed interface Source {}

    /// Known by the provider: `request-success-rate` in percent, `request-duration` in milliseconds.
    @WireType("built-in")
    public record BuiltIn() implements Source {}

    /// PromQL in the Canary itself, variables filled in.
    @WireType("query")
    public record Query(String promql) implements Source {}

    /// A MetricTemplate; address and secret are read from the live object.
    ///
    /// @param type  of its provider, such as `prometheus`
    /// @param query with variables filled in
    @WireType("template")
    public record Template(String namespace, String name, String type, String query) implements Source {}
}
