package dev.aviary.router.traffic;

import dev.aviary.events.Percent;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import java.util.Comparator;
import java.util.Optional;

/// How a service's traffic is split, as the API server has it.
///
/// @param canary  share of the live requests, or of those that match, that the canary answers
/// @param mirror  share of the live requests copied to the canary
/// @param matched only matching requests can come to the canary
/// @param seq     of the decision that was last written there
/// @param by      field manager that wrote last, apart from its status
/// @param version of the object
public record Standing(Percent canary, Percent mirror, boolean matched, long seq, String by, String version) {
    /// Field manager of our own writes: the first word of the user agent.
    public static final String US = "aviary-router";

    static Standing of(HasMetadata route, Percent canary, Percent mirror, boolean matched) {
        return new Standing(
                canary,
                mirror,
                matched,
                Fence.of(route),
                lastWriter(route),
                Optional.ofNullable(route.getMetadata().getResourceVersion()).orElse(""));
    }

    /// How much the canary is exposed to; more for everybody's requests than for any match.
    int exposure() {
        int share = canary.basisPoints();
        return matched || share == 0 ? share : share + Percent.ALL.basisPoints() + 1;
    }

    /// Nothing is left to write of the weights.
    public boolean splitsAs(Split wanted) {
        return canary.equals(wanted.canary())
                && mirror.equals(wanted.mirror())
                && (canary.equals(Percent.ZERO) || matched == !wanted.match().isEmpty());
    }

    private static String lastWriter(HasMetadata route) {
        return Optional.ofNullable(route.getMetadata().getManagedFields()).stream()
                .flatMap(java.util.List::stream)
                .filter(entry ->
                        entry.getSubresource() == null || entry.getSubresource().isEmpty())
                .filter(entry -> entry.getTime() != null)
                // times are whole seconds: in the same one, a hand came after what made it look
                .max(Comparator.comparing(ManagedFieldsEntry::getTime)
                        .thenComparing(entry -> !US.equals(entry.getManager())))
                .map(ManagedFieldsEntry::getManager)
                .orElse("unknown");
    }
}
