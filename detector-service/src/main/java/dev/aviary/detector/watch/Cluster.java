package dev.aviary.detector.watch;

import dev.aviary.flagger.Configs;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.KubernetesResourceList;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.FilterWatchListDeletable;
import io.fabric8.kubernetes.client.dsl.MixedOperation;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.informers.cache.BasicItemStore;
import io.fabric8.kubernetes.client.informers.cache.Cache;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/// What the API server shows, kept up to date by watches. Of pods and configs only what is needed is kept; of a Secret
/// its checksum.
public final class Cluster implements AutoCloseable {
    public static final ResourceDefinitionContext CANARIES = flagger("Canary", "canaries");
    public static final ResourceDefinitionContext TEMPLATES = flagger("MetricTemplate", "metrictemplates");
    private static final String CHECKSUM = "aviary.dev/checksum";

    private final List<SharedIndexInformer<? extends HasMetadata>> informers = new ArrayList<>();
    private final SharedIndexInformer<GenericKubernetesResource> canaries;
    private final SharedIndexInformer<GenericKubernetesResource> templates;
    private final SharedIndexInformer<Deployment> deployments;
    private final SharedIndexInformer<Pod> pods;
    private final Optional<SharedIndexInformer<ConfigMap>> configMaps;
    private final Optional<SharedIndexInformer<Secret>> secrets;

    /// @param namespace      empty: all
    /// @param configTracking ConfigMaps and Secrets are watched too
    public Cluster(KubernetesClient client, Optional<String> namespace, boolean configTracking) {
        // Generic: an object that can't be decoded is one bad object, not the end of the whole list (D13).
        canaries = watched(within(client.genericKubernetesResources(CANARIES), namespace), Cluster::lean);
        templates = watched(within(client.genericKubernetesResources(TEMPLATES), namespace), Cluster::lean);
        deployments = watched(within(client.apps().deployments(), namespace), Cluster::lean);
        pods = watched(within(client.pods(), namespace), Cluster::statusOnly);
        configMaps = configTracking
                ? Optional.of(watched(within(client.configMaps(), namespace), Cluster::checksumOnly))
                : Optional.empty();
        secrets = configTracking
                ? Optional.of(watched(
                        within(client.secrets(), namespace).withoutField("type", "helm.sh/release.v1"),
                        Cluster::checksumOnly))
                : Optional.empty();
    }

    /// Returns at once; the watches come up by themselves, as often as it takes.
    ///
    /// @param changed hears of every object that was added, changed or removed; must return at once
    public void start(Consumer<HasMetadata> changed) {
        informers.forEach(informer -> {
            var _ = informer.addEventHandler(new Changes(changed))
                    .exceptionHandler((_, _) -> true)
                    .start();
        });
    }

    private record Changes(Consumer<HasMetadata> changed) implements ResourceEventHandler<HasMetadata> {
        @Override
        public void onAdd(HasMetadata object) {
            changed.accept(object);
        }

        @Override
        public void onUpdate(HasMetadata before, HasMetadata after) {
            changed.accept(after);
        }

        @Override
        public void onDelete(HasMetadata object, boolean stateUnknown) {
            changed.accept(object);
        }
    }

    /// Everything has been listed once.
    public boolean isComplete() {
        return informers.stream().allMatch(SharedIndexInformer::hasSynced);
    }

    /// Every watch stands at this moment.
    public boolean isWatching() {
        return informers.stream().allMatch(SharedIndexInformer::isWatching);
    }

    public List<GenericKubernetesResource> canaries() {
        return canaries.getStore().list();
    }

    public List<GenericKubernetesResource> canaries(String namespace) {
        return in(canaries, namespace);
    }

    public Optional<GenericKubernetesResource> canary(String namespace, String name) {
        return one(canaries, namespace, name);
    }

    public List<GenericKubernetesResource> templates() {
        return templates.getStore().list();
    }

    public Optional<Deployment> deployment(String namespace, String name) {
        return one(deployments, namespace, name);
    }

    /// The pods that a Deployment's selector takes.
    public Collection<Pod> pods(Deployment deployment) {
        return in(pods, deployment.getMetadata().getNamespace()).stream()
                .filter(pod -> Workloads.selects(deployment, pod.getMetadata().getLabels()))
                .toList();
    }

    /// By `configmap/name` or `secret/name`: the checksum, empty if it isn't tracked.
    public Map<String, Optional<String>> configs(String namespace) {
        var all = new HashMap<String, Optional<String>>();
        configMaps.ifPresent(some ->
                in(some, namespace).forEach(one -> all.put(Configs.configMap(name(one)), checksum(one))));
        secrets.ifPresent(some ->
                in(some, namespace).forEach(one -> all.put(Configs.secret(name(one)), checksum(one))));
        return all;
    }

    @Override
    public void close() {
        informers.forEach(SharedIndexInformer::stop);
    }

    private <T extends HasMetadata> SharedIndexInformer<T> watched(
            FilterWatchListDeletable<T, ?, ?> what, UnaryOperator<T> kept) {
        var informer = what.runnableInformer(0);
        informer.itemStore(new BasicItemStore<T>(Cache::metaNamespaceKeyFunc) {
            @Override
            public T put(String key, T item) {
                return super.put(key, kept.apply(item));
            }
        });
        informers.add(informer);
        return informer;
    }

    private static <T extends HasMetadata, L extends KubernetesResourceList<T>, R extends Resource<T>>
            FilterWatchListDeletable<T, L, R> within(MixedOperation<T, L, R> all, Optional<String> namespace) {
        return namespace.isEmpty() ? all.inAnyNamespace() : all.inNamespace(namespace.get());
    }

    private static <T extends HasMetadata> List<T> in(SharedIndexInformer<T> informer, String namespace) {
        return informer.getIndexer().byIndex(Cache.NAMESPACE_INDEX, namespace);
    }

    private static <T extends HasMetadata> Optional<T> one(
            SharedIndexInformer<T> informer, String namespace, String name) {
        return Optional.ofNullable(informer.getStore().getByKey(Cache.namespaceKeyFunc(namespace, name)));
    }

    private static <T extends HasMetadata> T lean(T object) {
        return object;
    }

    private static Pod statusOnly(Pod pod) {
        pod.setSpec(null);
        pod.getMetadata().setManagedFields(List.of());
        return pod;
    }

    private static ConfigMap checksumOnly(ConfigMap config) {
        return new ConfigMapBuilder()
                .withNewMetadata()
                .withNamespace(config.getMetadata().getNamespace())
                .withName(name(config))
                .withUid(config.getMetadata().getUid())
                .withResourceVersion(config.getMetadata().getResourceVersion())
                .withAnnotations(Configs.checksum(config)
                        .map(checksum -> Map.of(CHECKSUM, checksum))
                        .orElse(Map.of()))
                .endMetadata()
                .build();
    }

    private static Secret checksumOnly(Secret secret) {
        return new SecretBuilder()
                .withNewMetadata()
                .withNamespace(secret.getMetadata().getNamespace())
                .withName(name(secret))
                .withUid(secret.getMetadata().getUid())
                .withResourceVersion(secret.getMetadata().getResourceVersion())
                .withAnnotations(Configs.checksum(secret)
                        .map(checksum -> Map.of(CHECKSUM, checksum))
                        .orElse(Map.of()))
                .endMetadata()
                .build();
    }

    private static Optional<String> checksum(HasMetadata kept) {
        return Optional.ofNullable(kept.getMetadata().getAnnotations()).map(annotations -> annotations.get(CHECKSUM));
    }

    private static String name(HasMetadata object) {
        return object.getMetadata().getName();
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
}
