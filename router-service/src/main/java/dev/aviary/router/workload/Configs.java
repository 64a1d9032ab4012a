package dev.aviary.router.workload;

import io.fabric8.kubernetes.api.model.ConfigMapEnvSourceBuilder;
import io.fabric8.kubernetes.api.model.ConfigMapKeySelectorBuilder;
import io.fabric8.kubernetes.api.model.ConfigMapProjectionBuilder;
import io.fabric8.kubernetes.api.model.ConfigMapVolumeSourceBuilder;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpecBuilder;
import io.fabric8.kubernetes.api.model.SecretEnvSourceBuilder;
import io.fabric8.kubernetes.api.model.SecretKeySelectorBuilder;
import io.fabric8.kubernetes.api.model.SecretProjectionBuilder;
import io.fabric8.kubernetes.api.model.SecretVolumeSourceBuilder;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/// The ConfigMaps and Secrets that a pod template names: volumes, projections, variables, of every container.
final class Configs {
    enum Kind {
        CONFIG_MAP,
        SECRET
    }

    record Ref(Kind kind, String name) implements Comparable<Ref> {
        /// As the detector calls it.
        String key() {
            return kind == Kind.SECRET
                    ? dev.aviary.flagger.Configs.secret(name)
                    : dev.aviary.flagger.Configs.configMap(name);
        }

        @Override
        public int compareTo(Ref other) {
            int kinds = kind.compareTo(other.kind);
            return kinds != 0 ? kinds : name.compareTo(other.name);
        }
    }

    private Configs() {}

    /// @return by name, whether every reference is optional
    static Map<Ref, Boolean> of(PodTemplateSpec template) {
        var found = new TreeMap<Ref, Boolean>();
        visited(template, (ref, optional) -> {
            found.merge(ref, optional, Boolean::logicalAnd);
            return ref.name();
        });
        return found;
    }

    /// @param tracked these get `-primary`, the others stay
    static PodTemplateSpec renamed(PodTemplateSpec template, Set<Ref> tracked) {
        return visited(template, (ref, _) -> tracked.contains(ref) ? ref.name() + "-primary" : ref.name());
    }

    private static PodTemplateSpec visited(PodTemplateSpec template, BiFunction<Ref, Boolean, String> name) {
        var each = new Names(name);
        return new PodTemplateSpecBuilder(template)
                .accept(ConfigMapVolumeSourceBuilder.class, at -> at.withName(each.map(at.getName(), at.getOptional())))
                .accept(ConfigMapProjectionBuilder.class, at -> at.withName(each.map(at.getName(), at.getOptional())))
                .accept(ConfigMapKeySelectorBuilder.class, at -> at.withName(each.map(at.getName(), at.getOptional())))
                .accept(ConfigMapEnvSourceBuilder.class, at -> at.withName(each.map(at.getName(), at.getOptional())))
                .accept(
                        SecretVolumeSourceBuilder.class,
                        at -> at.withSecretName(each.secret(at.getSecretName(), at.getOptional())))
                .accept(SecretProjectionBuilder.class, at -> at.withName(each.secret(at.getName(), at.getOptional())))
                .accept(SecretKeySelectorBuilder.class, at -> at.withName(each.secret(at.getName(), at.getOptional())))
                .accept(SecretEnvSourceBuilder.class, at -> at.withName(each.secret(at.getName(), at.getOptional())))
                .build();
    }

    private record Names(BiFunction<Ref, Boolean, String> name) {
        @Nullable
        String map(@Nullable String given, @Nullable Boolean optional) {
            return given == null ? null : name.apply(new Ref(Kind.CONFIG_MAP, given), Boolean.TRUE.equals(optional));
        }

        @Nullable
        String secret(@Nullable String given, @Nullable Boolean optional) {
            return given == null ? null : name.apply(new Ref(Kind.SECRET, given), Boolean.TRUE.equals(optional));
        }
    }
}
