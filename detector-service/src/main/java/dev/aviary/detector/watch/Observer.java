package dev.aviary.detector.watch;

import dev.aviary.events.CanaryApplied;
import dev.aviary.events.CanaryDeleted;
import dev.aviary.events.CanaryKey;
import dev.aviary.events.CanaryRejected;
import dev.aviary.events.CanarySpec;
import dev.aviary.events.DetectorEvent;
import dev.aviary.events.OperatorCommanded;
import dev.aviary.events.OperatorCommanded.Verb;
import dev.aviary.events.Replicas;
import dev.aviary.events.RevisionDetected;
import dev.aviary.events.WorkloadChanged;
import dev.aviary.events.WorkloadChanged.Role;
import dev.aviary.flagger.Canary;
import dev.aviary.flagger.CanarySpecs;
import dev.aviary.flagger.Revision;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/// What is news about a canary: what is seen, held against what was said. Asked at any event of a watch; however many
/// of those were lost or doubled, the answer is the same.
public final class Observer {
    /// The router's finalizer, which is Flagger's.
    static final String FINALIZER = "finalizer.flagger.app";

    /// Which revision a primary has, written there by the router.
    static final String REVISION = "aviary.dev/revision";

    private final CanarySpecs.Settings settings;
    private final boolean configTracking;
    /// To say what changed in words; without it only the configs are told apart.
    private final Map<CanaryKey, Revision> last = new ConcurrentHashMap<>();

    public Observer(CanarySpecs.Settings settings, boolean configTracking) {
        this.settings = settings;
        this.configTracking = configTracking;
    }

    public List<DetectorEvent> news(CanaryKey key, Seen seen, Said said) {
        if (seen.canary().isEmpty()) {
            return seen.unreadable()
                    .<List<DetectorEvent>>map(why -> unlessSaid(
                            CanarySpecs.unreadable(key.namespace(), key.name(), "spec", why)
                                    .event(),
                            said))
                    .orElseGet(() -> gone(key, said));
        }
        var canary = seen.canary().get();
        if (canary.getMetadata().getDeletionTimestamp() != null) {
            var deleted = new CanaryDeleted(
                    canary.getMetadata().getUid(),
                    canary.getMetadata().getFinalizers().contains(FINALIZER));
            // While it waits for its target, readiness is news still.
            var news = new ArrayList<DetectorEvent>();
            if (!said.deleted().equals(Optional.of(deleted))) {
                news.add(deleted);
            }
            said.applied().ifPresent(applied -> workloads(applied.spec(), seen, said, revisionOf(said), news));
            return news;
        }
        var news = new ArrayList<DetectorEvent>();
        var spec = spec(canary, seen, said, news);
        var known = spec.isPresent() ? afterAll(said, news) : said;
        spec.ifPresent(resolved -> {
            var revision = revision(key, resolved, seen, known, news);
            workloads(resolved, seen, known, revision, news);
        });
        command(canary, said, news);
        return news;
    }

    private static Said afterAll(Said said, List<DetectorEvent> news) {
        var next = said;
        for (var event : news) {
            next = next.after(event);
        }
        return next;
    }

    private List<DetectorEvent> gone(CanaryKey key, Said said) {
        last.remove(key);
        return said.applied().isPresent()
                        && said.deleted().filter(it -> !it.revertOnDeletion()).isEmpty()
                ? List.of(new CanaryDeleted(said.applied().get().uid(), false))
                : List.of();
    }

    /// Empty: nothing of it was ever understood.
    private Optional<CanarySpec> spec(Canary canary, Seen seen, Said said, List<DetectorEvent> news) {
        return switch (CanarySpecs.resolve(
                canary, new CanarySpecs.Around(seen.templates(), seen.canaries()), settings)) {
            case CanarySpecs.Resolved(var spec, var _) -> {
                var meta = canary.getMetadata();
                boolean same = said.applied()
                        .filter(applied ->
                                applied.spec().equals(spec) && applied.uid().equals(meta.getUid()))
                        .isPresent();
                if (!same || said.rejected().isPresent() || said.deleted().isPresent()) {
                    news.add(new CanaryApplied(
                            meta.getUid(),
                            Optional.ofNullable(meta.getGeneration()).orElse(0L),
                            spec));
                }
                yield Optional.of(spec);
            }
            case CanarySpecs.Rejected(var rejected) -> {
                news.addAll(unlessSaid(rejected, said));
                yield said.applied()
                        .filter(applied ->
                                applied.uid().equals(canary.getMetadata().getUid()))
                        .map(CanaryApplied::spec);
            }
        };
    }

    private static List<DetectorEvent> unlessSaid(CanaryRejected rejected, Said said) {
        return said.rejected().equals(Optional.of(rejected)) ? List.of() : List.of(rejected);
    }

    private String revision(CanaryKey key, CanarySpec spec, Seen seen, Said said, List<DetectorEvent> news) {
        var target = seen.deployments().get(spec.target().name());
        if (target == null) {
            return revisionOf(said);
        }
        return switch (Revision.of(target.getSpec().getTemplate(), configs(seen))) {
            case Revision.Missing _ -> revisionOf(said);
            case Revision.Known(var revision) -> {
                var before = last.put(key, revision);
                if (!revision.name().equals(revisionOf(said))) {
                    news.add(new RevisionDetected(
                            revision.name(),
                            Optional.empty(),
                            revision.images(),
                            changed(revision, Optional.ofNullable(before), said),
                            revision.trackedConfigs()));
                }
                yield revision.name();
            }
        };
    }

    private Map<String, Optional<String>> configs(Seen seen) {
        return configTracking
                ? seen.configs()
                : seen.configs().keySet().stream().collect(Collectors.toMap(name -> name, _ -> Optional.empty()));
    }

    private static List<String> changed(Revision now, Optional<Revision> before, Said said) {
        return before.map(now::changedSince)
                .or(() -> said.revision().map(then -> now.changedConfigs(then.trackedConfigs())))
                .orElse(List.of());
    }

    private static String revisionOf(Said said) {
        return said.revision().map(RevisionDetected::revision).orElse("");
    }

    private void workloads(CanarySpec spec, Seen seen, Said said, String revision, List<DetectorEvent> news) {
        var target = spec.target();
        workload(Role.TARGET, target.name(), revision, seen, said, news);
        workload(Role.PRIMARY, target.primary(), "", seen, said, news);
    }

    private void workload(Role role, String name, String targets, Seen seen, Said said, List<DetectorEvent> news) {
        var found = Optional.ofNullable(seen.deployments().get(name));
        var before = Optional.ofNullable(said.workloads().get(role));
        if (found.isEmpty() && before.isEmpty() && role == Role.PRIMARY) {
            return; // it is yet to be made
        }
        var revision = role == Role.TARGET
                ? targets
                : found.map(Deployment::getMetadata)
                        .map(meta -> meta.getAnnotations())
                        .map(annotations -> annotations.get(REVISION))
                        .orElse("");
        var replicas = found.map(Observer::replicas).orElse(Replicas.NONE);
        var stuck = found.isEmpty()
                ? Optional.of("Deployment %s doesn't exist".formatted(name))
                : missing(role, found.get(), seen)
                        .or(() -> replicas.available() < replicas.desired()
                                ? Stuck.why(found.get(), seen.pods())
                                : Optional.empty());
        var now = new WorkloadChanged(name, role, found.isPresent(), revision, replicas, stuck);
        if (!before.equals(Optional.of(now))) {
            news.add(now);
        }
    }

    private Optional<String> missing(Role role, Deployment found, Seen seen) {
        return role == Role.TARGET
                        && Revision.of(found.getSpec().getTemplate(), configs(seen))
                                instanceof Revision.Missing(var config)
                ? Optional.of("%s, which its template uses, doesn't exist".formatted(config))
                : Optional.empty();
    }

    private static Replicas replicas(Deployment found) {
        var status = Optional.ofNullable(found.getStatus());
        long generation =
                Optional.ofNullable(found.getMetadata().getGeneration()).orElse(0L);
        return new Replicas(
                Optional.ofNullable(found.getSpec().getReplicas()).orElse(1),
                status.map(it -> it.getUpdatedReplicas()).orElse(0),
                status.map(it -> it.getAvailableReplicas()).orElse(0),
                status.map(it -> it.getReplicas()).orElse(0),
                status.map(it -> it.getObservedGeneration()).orElse(0L) >= generation);
    }

    private static void command(Canary canary, Said said, List<DetectorEvent> news) {
        var annotations =
                Optional.ofNullable(canary.getMetadata().getAnnotations()).orElse(Map.of());
        var id = annotations.getOrDefault("aviary.dev/command-id", "");
        var word = annotations.getOrDefault("aviary.dev/command", "");
        if (id.isEmpty() || word.isEmpty() || id.equals(said.command())) {
            return;
        }
        Arrays.stream(Verb.values())
                .filter(verb -> verb.word().equals(word))
                .findFirst()
                .<DetectorEvent>map(verb -> new OperatorCommanded(
                        id,
                        verb,
                        annotations.getOrDefault("aviary.dev/command-by", "unknown"),
                        annotations.getOrDefault("aviary.dev/command-why", "")))
                .or(() -> unlessSaid(unknown(canary, word), said).stream().findFirst())
                .ifPresent(news::add);
    }

    private static CanaryRejected unknown(Canary canary, String word) {
        return new CanaryRejected(
                "Canary %s/%s"
                        .formatted(
                                canary.getMetadata().getNamespace(),
                                canary.getMetadata().getName()),
                "metadata.annotations[aviary.dev/command]",
                "is \"%s\"; known: %s"
                        .formatted(
                                word,
                                Arrays.stream(Verb.values()).map(Verb::word).collect(Collectors.joining(", "))),
                "The command is passed over, everything else goes on");
    }
}
