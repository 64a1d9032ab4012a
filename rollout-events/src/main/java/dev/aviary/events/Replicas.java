package dev.aviary.events;

/// How far a workload is, as its controller reports it.
///
/// @param desired   by its spec
/// @param updated   of the present template
/// @param available ready for long enough, of the present template or not
/// @param total     of every template
/// @param settled   the controller has seen the present spec
public record Replicas(int desired, int updated, int available, int total, boolean settled) {
    public static final Replicas NONE = new Replicas(0, 0, 0, 0, true);

    /// Flagger's rule: everything updated, nothing old left, enough of it available.
    ///
    /// @param percent of the updated replicas that must be available
    /// @see <a href="https://github.com/fluxcd/flagger/blob/main/pkg/canary/deployment_ready.go">Flagger</a>
    public boolean ready(int percent) {
        return settled && desired > 0 && updated >= desired && total <= updated && available >= updated * percent / 100;
    }
}
