package dev.aviary.flagger;

import dev.aviary.events.CanaryRejected;
import dev.aviary.events.CanarySpec;
import dev.aviary.events.HookKind;
import dev.aviary.events.HookSpec;
import dev.aviary.events.WorkloadRef;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What a Canary means: every default filled in, every template resolved; or the first field that makes no sense.
///
/// @see <a href="https://docs.flagger.app/usage/how-it-works">Flagger: how it works</a>
public final class CanarySpecs {
    public static final String COMPAT = "aviary.dev/compat";
    public static final String DRAIN = "aviary.dev/drain";

    private static final Duration LEAST_INTERVAL = Duration.ofSeconds(10);
    private static final Duration DEFAULT_INTERVAL = Duration.ofSeconds(60);
    private static final Duration DEFAULT_DRAIN = Duration.ofSeconds(5);
    private static final int DEFAULT_DEADLINE_SECONDS = 600;
    private static final Pattern DNS_LABEL = Pattern.compile("[a-z]([-a-z0-9]*[a-z0-9])?");
    private static final int LONGEST_SERVICE = 63 - "-primary".length();
    private static final String MEANWHILE = "What was applied before goes on until it is put right";

    private CanarySpecs() {}

    /// @param defaultProvider      of a Canary that names none
    /// @param providers            the traffic routers that there are
    /// @param metricProviders      the types of MetricTemplate that can be asked
    /// @param strict               of a Canary without the annotation `aviary.dev/compat`
    /// @param noCrossNamespaceRefs a Canary may name only what is in its own namespace
    public record Settings(
            String defaultProvider,
            SortedSet<String> providers,
            SortedSet<String> metricProviders,
            boolean strict,
            boolean noCrossNamespaceRefs) {
        /// What this version serves.
        public static Settings defaults(String defaultProvider) {
            return new Settings(
                    defaultProvider,
                    new TreeSet<>(List.of("gatewayapi:v1", "istio", "kubernetes")),
                    new TreeSet<>(List.of("prometheus")),
                    false,
                    false);
        }
    }

    /// What else a Canary's meaning hangs on.
    ///
    /// @param templates by `namespace/name`
    /// @param canaries  all of its namespace; it may be among them
    public record Around(Map<String, MetricTemplate> templates, Collection<Canary> canaries) {}

    public sealed interface Resolution {}

    /// @param notes sentences on what the Canary asks for and doesn't get
    public record Resolved(CanarySpec spec, List<String> notes) implements Resolution {}

    public record Rejected(CanaryRejected event) implements Resolution {}

    public static Resolution resolve(Canary canary, Around around, Settings settings) {
        try {
            return resolved(canary, around, settings);
        } catch (Refused refused) {
            var object = refused.object.isEmpty() ? named(canary) : refused.object;
            return new Rejected(new CanaryRejected(object, refused.field, refused.why, MEANWHILE));
        }
    }

    /// A Canary whose fields haven't even the types that they should have.
    public static Rejected unreadable(String namespace, String name, String field, String why) {
        return new Rejected(new CanaryRejected("Canary %s/%s".formatted(namespace, name), field, why, MEANWHILE));
    }

    private static Resolution resolved(Canary canary, Around around, Settings settings) throws Refused {
        var spec = canary.getSpec();
        if (spec == null) {
            throw new Refused("spec", "is missing");
        }
        var namespace = canary.getMetadata().getNamespace();
        boolean strict = strict(canary, settings);
        var target = target(canary, spec, around);
        var provider = provider(spec, settings);
        var service = service(spec, target, provider);
        var analysis = spec.analysis();
        boolean skip = Boolean.TRUE.equals(spec.skipAnalysis()) || analysis == null;
        var asked = analysis == null ? NOTHING : analysis;
        references(spec, asked, namespace, settings);
        var metrics = new Metrics(namespace, words(canary, spec, target, service), around, settings, strict);
        var affinity = asked.sessionAffinity();
        if (affinity != null
                && affinity.cookieName() != null
                && affinity.cookieName().equals(affinity.primaryCookieName())) {
            throw new Refused(
                    "spec.analysis.sessionAffinity.primaryCookieName",
                    "is the canary's cookieName too; give it another");
        }
        var alone = new CanarySpec(
                target,
                provider,
                service,
                Strategies.of(asked, provider, skip, strict),
                interval(asked.interval(), strict),
                Math.max(
                        1,
                        Numbers.whole(
                                "spec.analysis.threshold",
                                asked.threshold(),
                                1,
                                strict ? Integer.MIN_VALUE : 0,
                                Integer.MAX_VALUE)),
                Duration.ofSeconds(Numbers.whole(
                        "spec.progressDeadlineSeconds",
                        spec.progressDeadlineSeconds(),
                        DEFAULT_DEADLINE_SECONDS,
                        1,
                        Integer.MAX_VALUE)),
                drain(canary),
                readyShare("primaryReadyThreshold", asked.primaryReadyThreshold()),
                readyShare("canaryReadyThreshold", asked.canaryReadyThreshold()),
                metrics.of(asked.metrics()),
                hooks(asked.webhooks()),
                skip,
                Boolean.TRUE.equals(spec.suspend()),
                Boolean.TRUE.equals(spec.revertOnDeletion()),
                strict,
                Guards.of(canary, names(asked)));
        var shadow = Shadows.of(canary, named(canary), alone);
        return new Resolved(
                alone.with(shadow),
                Stream.concat(notes(asked).stream(), Shadows.notes(shadow, alone).stream())
                        .toList());
    }

    private static List<String> names(CanaryAnalysis asked) {
        return asked.metrics().stream()
                .flatMap(metric -> Stream.ofNullable(metric.name()))
                .toList();
    }

    private static final CanaryAnalysis NOTHING = new CanaryAnalysis(
            null, null, null, null, null, null, List.of(), null, null, null, null, List.of(), List.of(), List.of(),
            List.of(), null);

    private static List<String> notes(CanaryAnalysis analysis) {
        var notes = new ArrayList<String>();
        if (Boolean.TRUE.equals(analysis.mirror())) {
            notes.add("spec.analysis.mirror isn't served by this version: no request is copied to the canary.");
        }
        if (analysis.sessionAffinity() != null) {
            notes.add("spec.analysis.sessionAffinity isn't served by this version: a client may meet both versions.");
        }
        return List.copyOf(notes);
    }

    private static boolean strict(Canary canary, Settings settings) throws Refused {
        return switch (annotation(canary, COMPAT).orElse("")) {
            case "" -> settings.strict();
            case "strict" -> true;
            case "default" -> false;
            case String other ->
                throw new Refused(annotationField(COMPAT), "is \"%s\"; known: default, strict".formatted(other));
        };
    }

    private static Duration drain(Canary canary) throws Refused {
        var given = annotation(canary, DRAIN);
        return given.isEmpty()
                ? DEFAULT_DRAIN
                : GoDuration.parse(given.get())
                        .orElseThrow(() -> new Refused(
                                annotationField(DRAIN),
                                "is \"%s\"; it must be a duration such as 5s".formatted(given.get())));
    }

    private static WorkloadRef target(Canary canary, Canary.Spec spec, Around around) throws Refused {
        var ref = spec.targetRef();
        if (ref == null) {
            throw new Refused("spec.targetRef", "is missing");
        }
        if (!"Deployment".equals(ref.kind())) {
            throw new Refused(
                    "spec.targetRef.kind",
                    "is %s, which this version doesn't release; known: Deployment".formatted(ref.kind()));
        }
        if (ref.name() == null || ref.name().isEmpty()) {
            throw new Refused("spec.targetRef.name", "is missing");
        }
        var first = firstOn(ref, canary, around.canaries());
        if (!same(first, canary)) {
            throw new Refused(
                    "spec.targetRef",
                    "is Deployment %s, which %s releases already; two can't release one"
                            .formatted(ref.name(), named(first)));
        }
        return new WorkloadRef("Deployment", ref.name());
    }

    /// Of all that name this target the oldest, among equals the first by name.
    private static Canary firstOn(Canary.ObjectRef target, Canary canary, Collection<Canary> others) {
        return others.stream()
                .filter(other -> other.getSpec() != null
                        && other.getSpec().targetRef() != null
                        && target.equals(other.getSpec().targetRef())
                        && canary.getMetadata()
                                .getNamespace()
                                .equals(other.getMetadata().getNamespace()))
                .min(Comparator.comparing(CanarySpecs::created)
                        .thenComparing(other -> other.getMetadata().getName()))
                .filter(first -> !same(first, canary))
                .filter(first -> created(first).compareTo(created(canary)) < 0
                        || (created(first).equals(created(canary))
                                && first.getMetadata()
                                                .getName()
                                                .compareTo(canary.getMetadata().getName())
                                        < 0))
                .orElse(canary);
    }

    private static String created(Canary canary) {
        return Optional.ofNullable(canary.getMetadata().getCreationTimestamp()).orElse("");
    }

    private static boolean same(Canary one, Canary other) {
        return one.getMetadata().getName().equals(other.getMetadata().getName());
    }

    private static String provider(Canary.Spec spec, Settings settings) throws Refused {
        boolean given = spec.provider() != null && !spec.provider().isEmpty();
        var provider = given ? spec.provider() : settings.defaultProvider();
        if (provider == null || !settings.providers().contains(provider)) {
            throw new Refused(
                    "spec.provider",
                    "%s \"%s\", which no traffic router serves; known: %s"
                            .formatted(
                                    given ? "is" : "is absent, and the default is",
                                    provider,
                                    String.join(", ", settings.providers())));
        }
        return provider;
    }

    private static String service(Canary.Spec spec, WorkloadRef target, String provider) throws Refused {
        var service = spec.service();
        if (service == null) {
            throw new Refused("spec.service", "is missing; a Deployment needs at least spec.service.port");
        }
        if (service.port() == null) {
            throw new Refused("spec.service.port", "is missing");
        }
        var _ = Numbers.whole("spec.service.port", service.port(), 0, 1, 65535);
        var given = service.name();
        var name = given == null || given.isEmpty() ? target.name() : given;
        if (!DNS_LABEL.matcher(name).matches() || name.length() > LONGEST_SERVICE) {
            throw new Refused(
                    given == null || given.isEmpty() ? "spec.targetRef.name" : "spec.service.name",
                    "is \"%s\"; a Service's name has lower-case letters, digits and '-', begins with a letter and leaves room for -primary: at most %d characters"
                            .formatted(name, LONGEST_SERVICE));
        }
        if (provider.startsWith("gatewayapi") && service.gatewayRefs().isEmpty()) {
            throw new Refused("spec.service.gatewayRefs", "is empty; provider " + provider + " needs a Gateway");
        }
        if (Boolean.TRUE.equals(service.delegation())
                && !(service.hosts().isEmpty() && service.gateways().isEmpty())) {
            throw new Refused(
                    "spec.service.delegation",
                    "is true, so hosts and gateways belong in the delegating VirtualService");
        }
        return name;
    }

    private static void references(Canary.Spec spec, CanaryAnalysis analysis, String namespace, Settings settings)
            throws Refused {
        if (!settings.noCrossNamespaceRefs()) {
            return;
        }
        for (int index = 0; index < analysis.alerts().size(); index++) {
            var ref = analysis.alerts().get(index).providerRef();
            own(
                    "spec.analysis.alerts[%d].providerRef.namespace".formatted(index),
                    ref == null ? null : ref.namespace(),
                    namespace);
        }
        var upstream = spec.upstreamRef();
        own("spec.upstreamRef.namespace", upstream == null ? null : upstream.namespace(), namespace);
    }

    private static void own(String field, @Nullable String named, String namespace) throws Refused {
        if (named != null && !named.isEmpty() && !named.equals(namespace)) {
            throw new Refused(field, "is %s, and references to other namespaces are switched off".formatted(named));
        }
    }

    private static Duration interval(@Nullable String given, boolean strict) throws Refused {
        if (given == null || given.isEmpty()) {
            return DEFAULT_INTERVAL;
        }
        var interval = GoDuration.parse(given);
        if (interval.isEmpty() && !strict) {
            throw new Refused(
                    "spec.analysis.interval", "is \"%s\"; it must be a duration such as 30s or 1m".formatted(given));
        }
        return interval.map(parsed -> parsed.compareTo(LEAST_INTERVAL) < 0 ? LEAST_INTERVAL : parsed)
                .orElse(DEFAULT_INTERVAL);
    }

    private static int readyShare(String name, java.math.@Nullable BigDecimal given) throws Refused {
        return Numbers.whole("spec.analysis." + name, given, 100, 0, 100);
    }

    private static List<HookSpec> hooks(List<CanaryAnalysis.Webhook> given) throws Refused {
        var hooks = new ArrayList<HookSpec>();
        var names = new HashSet<String>();
        for (var hook : given) {
            var field = "spec.analysis.webhooks[%d]".formatted(hooks.size());
            var name = hook.name();
            if (name == null || name.isEmpty()) {
                throw new Refused(field + ".name", "is missing");
            }
            var word = hook.type() == null ? "" : hook.type();
            var kind = HookKind.of(word)
                    .orElseThrow(() -> new Refused(
                            field + ".type",
                            "is \"%s\"; known: %s"
                                    .formatted(
                                            word,
                                            Arrays.stream(HookKind.values())
                                                    .map(HookKind::word)
                                                    .collect(Collectors.joining(", ")))));
            if (!names.add(kind + " " + name)) {
                throw new Refused(
                        field + ".name",
                        "is %s, as that of another %s hook; give it another".formatted(name, kind.word()));
            }
            url(field + ".url", hook.url());
            hooks.add(new HookSpec(
                    name,
                    kind,
                    timeout(field + ".timeout", hook.timeout()),
                    Numbers.whole(field + ".retries", hook.retries(), 0, 0, 1000),
                    Boolean.TRUE.equals(hook.muteAlert())));
        }
        return List.copyOf(hooks);
    }

    /// The URL isn't repeated in words: it may hold a token.
    private static void url(String field, @Nullable String url) throws Refused {
        try {
            var scheme = url == null ? null : new URI(url).getScheme();
            if (!"http".equals(scheme) && !"https".equals(scheme)) {
                throw new Refused(field, "isn't an http or https URL");
            }
        } catch (URISyntaxException _) {
            throw new Refused(field, "isn't an http or https URL");
        }
    }

    private static Duration timeout(String field, @Nullable String given) throws Refused {
        if (given == null || given.isEmpty()) {
            return Duration.ofSeconds(10);
        }
        return GoDuration.parse(given)
                .filter(timeout -> !timeout.isZero())
                .orElseThrow(() -> new Refused(field, "is \"%s\"; it must be a duration such as 10s".formatted(given)));
    }

    /// Flagger's template functions, but for those that each metric has of its own.
    ///
    /// @see <a href="https://docs.flagger.app/usage/metrics#custom-metrics">Flagger: custom metrics</a>
    private static Map<String, Object> words(Canary canary, Canary.Spec spec, WorkloadRef target, String service) {
        var words = new HashMap<String, Object>();
        words.put("name", canary.getMetadata().getName());
        words.put("namespace", canary.getMetadata().getNamespace());
        words.put("target", target.name());
        words.put("service", service);
        words.put("ingress", nameOf(spec.ingressRef(), target));
        words.put("route", nameOf(spec.routeRef(), target));
        return words;
    }

    private static String nameOf(Canary.@Nullable ObjectRef ref, WorkloadRef target) {
        return ref == null || ref.name() == null ? target.name() : ref.name();
    }

    private static Optional<String> annotation(Canary canary, String name) {
        return Optional.ofNullable(canary.getMetadata().getAnnotations()).map(annotations -> annotations.get(name));
    }

    static String annotationField(String name) {
        return "metadata.annotations[" + name + "]";
    }

    private static String named(Canary canary) {
        return "Canary %s/%s"
                .formatted(
                        canary.getMetadata().getNamespace(),
                        canary.getMetadata().getName());
    }
}
