package dev.aviary.detector.watch;

import dev.aviary.events.CanaryKey;
import dev.aviary.flagger.Canary;
import dev.aviary.flagger.Configs;
import dev.aviary.flagger.MetricTemplate;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.KubernetesResourceList;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.MixedOperation;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/// Informers over all that a canary hangs on. Whatever happens there makes its canaries be looked at again.
public final class ClusterWatch implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(ClusterWatch.class);
    private static final long NO_RESYNC = 0;

    private final Optional<String> namespace;
    private final String cluster;
    private final Observer observer;
    private final Journal journal;
    private final MultiGauge total;
    private final Turns turns;
    private final List<SharedIndexInformer<?>> informers = new ArrayList<>();
    private final SharedIndexInformer<GenericKubernetesResource> canaries;
    private final SharedIndexInformer<GenericKubernetesResource> templates;
    private final SharedIndexInformer<Deployment> deployments;
    private final SharedIndexInformer<Pod> pods;
    private final SharedIndexInformer<ConfigMap> configMaps;
    private final SharedIndexInformer<Secret> secrets;
    private volatile boolean started;

    public ClusterWatch(
            KubernetesClient kube,
            Optional<String> namespace,
            String cluster,
            Observer observer,
            Journal journal,
            MeterRegistry metrics) {
        this.namespace = namespace;
        this.cluster = cluster;
        this.observer = observer;
        this.journal = journal;
        this.total = MultiGauge.builder("flagger_canary_total")
                .description("Canaries by namespace")
                .register(metrics);
        this.turns = new Turns(this::look);
        canaries = informer(kube.genericKubernetesResources(flagger("Canary", "canaries")), (canary, _) -> {
            turns.want(key(canary));
            // Two on one target know of each other.
            inNamespace(canary.getMetadata().getNamespace()).forEach(turns::want);
        });
        templates = informer(
                kube.genericKubernetesResources(flagger("MetricTemplate", "metrictemplates")),
                (_, _) -> all().forEach(turns::want));
        deployments = informer(
                kube.apps().deployments(),
                (deployment, _) -> touched(deployment)
                        .filter(canary -> isOf(canary, deployment.getMetadata().getName()))
                        .map(this::key)
                        .forEach(turns::want));
        pods = informer(
                kube.pods(),
                (pod, _) -> touched(pod)
                        .filter(canary -> pod.getMetadata().getName().startsWith(target(canary) + "-"))
                        .map(this::key)
                        .forEach(turns::want));
        configMaps = informer(kube.configMaps(), this::configChanged);
        secrets = informer(kube.secrets(), this::configChanged);
    }

    private void configChanged(HasMetadata config, HasMetadata before) {
        if (!config.equals(before)) {
            touched(config).map(this::key).forEach(turns::want);
        }
    }

    private static ResourceDefinitionContext flagger(String kind, String plural) {
        return new ResourceDefinitionContext.Builder()
                .withGroup("flagger.app")
                .withVersion("v1beta1")
                .withKind(kind)
                .withPlural(plural)
                .withNamespaced(true)
                .build();
    }

    private <T extends HasMetadata, L extends KubernetesResourceList<T>> SharedIndexInformer<T> informer(
            MixedOperation<T, L, ? extends Resource<T>> resources, BiConsumer<T, T> changed) {
        var handler = new ResourceEventHandler<T>() {
            @Override
            public void onAdd(T found) {
                changed.accept(found, found);
                if (started) {
                    touch(found);
                }
            }

            @Override
            public void onUpdate(T before, T now) {
                changed.accept(now, before);
            }

            @Override
            public void onDelete(T gone, boolean unknown) {
                changed.accept(gone, gone);
                touch(gone);
            }

            // A config that came or went is as good as a changed one.
            private void touch(T config) {
                if (config instanceof ConfigMap || config instanceof Secret) {
                    touched(config).map(ClusterWatch.this::key).forEach(turns::want);
                }
            }
        };
        var informer = namespace
                .map(name -> resources.inNamespace(name).runnableInformer(NO_RESYNC))
                .orElseGet(() -> resources.inAnyNamespace().runnableInformer(NO_RESYNC));
        informer.addEventHandler(handler);
        // A watch that breaks is set up again, for as long as it takes.
        informer.exceptionHandler((_, failure) -> {
            LOG.warnf("watch interrupted why=\"%s\"", failure.getMessage());
            return true;
        });
        informers.add(informer);
        return informer;
    }

    /// Returns when all that is there has been seen; only then does anything count as gone.
    public void start() {
        informers.stream()
                .map(informer -> informer.start().toCompletableFuture())
                .toList()
                .forEach(future -> {
                    try {
                        future.join();
                    } catch (java.util.concurrent.CompletionException e) {
                        LOG.warnf("watch not started yet why=\"%s\"", e.getMessage());
                    }
                });
        started = true;
        all().forEach(turns::want);
        journal.known().forEach(turns::want);
        turns.start();
    }

    /// Why it isn't ready.
    public Optional<String> problem() {
        if (!started) {
            return Optional.of("starting: the log is read and the watches are set up");
        }
        return informers.stream().anyMatch(informer -> !informer.isWatching())
                ? Optional.of("a watch on the API server is interrupted")
                : turns.problem();
    }

    private void look(CanaryKey key) throws ExecutionException, InterruptedException {
        for (var event : observer.news(key, seen(key), journal.said(key))) {
            journal.say(key, event);
            LOG.infof("%s said event=%s", key, event.getClass().getSimpleName());
        }
        count();
    }

    private void count() {
        var counted = canaries.getStore().list().stream()
                .collect(Collectors.groupingBy(it -> it.getMetadata().getNamespace(), Collectors.counting()));
        total.register(
                counted.entrySet().stream()
                        .map(entry -> MultiGauge.Row.of(Tags.of("namespace", entry.getKey()), entry.getValue()))
                        .toList(),
                true);
    }

    private Seen seen(CanaryKey key) {
        var generic = Optional.ofNullable(canaries.getStore().getByKey(key.namespace() + "/" + key.name()));
        Optional<Canary> canary = Optional.empty();
        Optional<String> unreadable = Optional.empty();
        if (generic.isPresent()) {
            try {
                canary = Optional.of(typed(generic.get(), Canary.class));
            } catch (IllegalArgumentException e) {
                unreadable = Optional.of("can't be read: " + firstLine(e));
            }
        }
        return new Seen(
                canary,
                unreadable,
                touched(key.namespace())
                        .flatMap(it -> readable(it, Canary.class))
                        .toList(),
                templates.getStore().list().stream()
                        .flatMap(it -> readable(it, MetricTemplate.class))
                        .collect(Collectors.toMap(ClusterWatch::path, it -> it)),
                of(deployments, key.namespace())
                        .collect(Collectors.toMap(it -> it.getMetadata().getName(), it -> it)),
                of(pods, key.namespace()).toList(),
                configs(key.namespace()));
    }

    private Map<String, Optional<String>> configs(String in) {
        var found = new HashMap<String, Optional<String>>();
        of(configMaps, in)
                .forEach(it -> found.put(Configs.configMap(it.getMetadata().getName()), Configs.checksum(it)));
        of(secrets, in).forEach(it -> found.put(Configs.secret(it.getMetadata().getName()), Configs.checksum(it)));
        return found;
    }

    private static <T extends HasMetadata> Stream<T> of(SharedIndexInformer<T> informer, String in) {
        return informer.getIndexer().byIndex("namespace", in).stream();
    }

    private static <T> Stream<T> readable(GenericKubernetesResource generic, Class<T> type) {
        try {
            return Stream.of(typed(generic, type));
        } catch (IllegalArgumentException _) {
            return Stream.empty(); // said where it is looked at itself
        }
    }

    private static <T> T typed(GenericKubernetesResource generic, Class<T> type) {
        return new Serializer().convert(generic, type);
    }

    private static String firstLine(Exception e) {
        return Optional.ofNullable(e.getMessage())
                .flatMap(text -> text.lines().findFirst())
                .orElse("no reason was given");
    }

    private static String path(HasMetadata object) {
        return object.getMetadata().getNamespace() + "/" + object.getMetadata().getName();
    }

    private CanaryKey key(HasMetadata canary) {
        return new CanaryKey(
                cluster,
                canary.getMetadata().getNamespace(),
                canary.getMetadata().getName());
    }

    private List<CanaryKey> all() {
        return canaries.getStore().list().stream().map(this::key).toList();
    }

    private List<CanaryKey> inNamespace(String in) {
        return touched(in).map(this::key).toList();
    }

    private Stream<GenericKubernetesResource> touched(HasMetadata object) {
        return touched(object.getMetadata().getNamespace());
    }

    private Stream<GenericKubernetesResource> touched(String in) {
        return canaries.getStore().list().stream()
                .filter(canary -> in.equals(canary.getMetadata().getNamespace()));
    }

    private static boolean isOf(GenericKubernetesResource canary, String workload) {
        var target = target(canary);
        return workload.equals(target) || workload.equals(target + "-primary");
    }

    private static String target(GenericKubernetesResource canary) {
        Object name = canary.get("spec", "targetRef", "name");
        return name == null ? "" : name.toString();
    }

    @Override
    public void close() {
        informers.forEach(SharedIndexInformer::stop);
        turns.close();
    }

    /// Fabric8's own way from a generic object to a typed one.
    private static final class Serializer {
        <T> T convert(GenericKubernetesResource generic, Class<T> type) {
            try {
                return Serialization.unmarshal(Serialization.asJson(generic), type);
            } catch (RuntimeException e) {
                throw new IllegalArgumentException(firstLine(e), e);
            }
        }
    }
}
