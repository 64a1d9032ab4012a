package dev.aviary.flagger;

import dev.aviary.events.CanarySpec;
import dev.aviary.events.GuardSpec;
import dev.aviary.events.MetricSpec;
import dev.aviary.events.Policy;
import dev.aviary.events.ShadowSpec;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/// The annotation `aviary.dev/shadow-policy`: a [Policy] as YAML or JSON. One that makes no sense isn't judged; the
/// Canary
/// is what it is without it.
final class Shadows {
    static final String POLICY = "aviary.dev/shadow-policy";

    private static final String MEANWHILE = "No shadow policy is judged; the acting one goes on as it is";

    private Shadows() {}

    /// @param named  the Canary, in words
    /// @param acting policy beside which it is judged
    /// @return empty if the annotation isn't there
    static Optional<ShadowSpec> of(Canary canary, String named, CanarySpec acting) {
        return Optional.ofNullable(canary.getMetadata().getAnnotations())
                .map(annotations -> annotations.get(POLICY))
                .map(text -> read(text, named, acting));
    }

    private static ShadowSpec read(String text, String named, CanarySpec acting) {
        try {
            var policy = Policies.read(document(text));
            known(policy, acting);
            return ShadowSpec.of(policy);
        } catch (IllegalArgumentException e) {
            return ShadowSpec.refused(
                    "%s: %s: %s. %s".formatted(named, CanarySpecs.annotationField(POLICY), e.getMessage(), MEANWHILE));
        }
    }

    private static Map<?, ?> document(String text) {
        Object document;
        try {
            // What begins with a brace would be taken for JSON, which is YAML too, but not the other way round.
            var yaml = text.strip().startsWith("{") ? "---\n" + text : text;
            document = Serialization.unmarshal(yaml, Object.class);
        } catch (RuntimeException unreadable) { // whatever the parser throws
            throw new IllegalArgumentException("is neither YAML nor JSON", unreadable);
        }
        if (document instanceof Map<?, ?> fields) {
            return fields;
        }
        throw new IllegalArgumentException("must be a policy, such as {threshold: 1}");
    }

    /// A file for many Canaries may name other metrics; this one is for one.
    private static void known(Policy policy, CanarySpec acting) {
        var names = acting.metrics().stream().map(MetricSpec::name).toList();
        policy.metrics().keySet().stream()
                .filter(name -> !names.contains(name))
                .findFirst()
                .ifPresent(name -> {
                    throw new IllegalArgumentException("metrics.%s: the Canary has no metric of that name; it has: %s"
                            .formatted(name, String.join(", ", names)));
                });
    }

    /// What of it isn't judged, in sentences.
    static List<String> notes(Optional<ShadowSpec> shadow, CanarySpec acting) {
        var notes = new ArrayList<String>();
        shadow.flatMap(ShadowSpec::problem).ifPresent(notes::add);
        shadow.filter(given -> given.problem().isEmpty())
                .map(ShadowSpec::policy)
                .ifPresent(policy -> {
                    var plan = new ArrayList<String>();
                    policy.steps().ifPresent(_ -> plan.add("steps"));
                    policy.iterations().ifPresent(_ -> plan.add("iterations"));
                    policy.guard().every().ifPresent(_ -> plan.add("guard.every"));
                    if (!plan.isEmpty()) {
                        notes.add(
                                "%s: %s can't be judged beside the acting policy, which gives the traffic and the looks."
                                        .formatted(
                                                CanarySpecs.annotationField(POLICY),
                                                plan.stream().collect(Collectors.joining(", "))));
                    }
                    if (acting.guarded().mode() == GuardSpec.Mode.OFF
                            && policy.appliedTo(acting).guarded().mode() != GuardSpec.Mode.OFF) {
                        notes.add(
                                "%s: its guard isn't judged, for the acting one is off and nothing is counted; \"shadow\" counts."
                                        .formatted(CanarySpecs.annotationField(POLICY)));
                    }
                });
        return List.copyOf(notes);
    }
}
