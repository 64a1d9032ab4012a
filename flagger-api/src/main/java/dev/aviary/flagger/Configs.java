package dev.aviary.flagger;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.Secret;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The ConfigMaps and Secrets that a pod template uses, and their checksums: Flagger's own, so that
/// `status.trackedConfigs` stays comparable.
///
/// @see <a href="https://github.com/fluxcd/flagger/blob/v1.44.0/pkg/canary/config_tracker.go">Flagger</a>
public final class Configs {
    private static final String TRACKING = "flagger.app/config-tracking";
    private static final Set<String> SECRET_TYPES =
            Set.of("Opaque", "kubernetes.io/basic-auth", "kubernetes.io/ssh-auth", "kubernetes.io/tls");

    private Configs() {}

    /// `configmap/<name>`
    public static String configMap(String name) {
        return "configmap/" + name;
    }

    /// `secret/<name>`
    public static String secret(String name) {
        return "secret/" + name;
    }

    /// `ConfigMap checkout` for `configmap/checkout`.
    public static String inWords(String config) {
        return config.startsWith("secret/")
                ? "Secret " + config.substring("secret/".length())
                : "ConfigMap " + config.substring("configmap/".length());
    }

    /// Empty if it isn't tracked.
    public static Optional<String> checksum(ConfigMap config) {
        return tracked(config) ? Optional.of(checksum(config.getData())) : Optional.empty();
    }

    /// Empty if it isn't tracked, by its annotation or its type.
    public static Optional<String> checksum(Secret secret) {
        var type = secret.getType() == null ? "Opaque" : secret.getType();
        return tracked(secret) && SECRET_TYPES.contains(type)
                ? Optional.of(checksum(secret.getData()))
                : Optional.empty();
    }

    private static boolean tracked(HasMetadata config) {
        var annotations = config.getMetadata().getAnnotations();
        return annotations == null || !annotations.getOrDefault(TRACKING, "").startsWith("disable");
    }

    /// What a template uses, by key; true if it may be missing.
    public static SortedMap<String, Boolean> references(PodTemplateSpec template) {
        var found = new TreeMap<String, Boolean>();
        var spec = template.getSpec();
        if (spec == null) {
            return found;
        }
        for (var volume : spec.getVolumes()) {
            if (volume.getConfigMap() != null) {
                add(
                        found,
                        "configmap/",
                        volume.getConfigMap().getName(),
                        volume.getConfigMap().getOptional());
            }
            if (volume.getSecret() != null) {
                add(
                        found,
                        "secret/",
                        volume.getSecret().getSecretName(),
                        volume.getSecret().getOptional());
            }
            if (volume.getProjected() != null) {
                for (var source : volume.getProjected().getSources()) {
                    if (source.getConfigMap() != null) {
                        add(
                                found,
                                "configmap/",
                                source.getConfigMap().getName(),
                                source.getConfigMap().getOptional());
                    }
                    if (source.getSecret() != null) {
                        add(
                                found,
                                "secret/",
                                source.getSecret().getName(),
                                source.getSecret().getOptional());
                    }
                }
            }
        }
        Stream.concat(spec.getContainers().stream(), spec.getInitContainers().stream())
                .forEach(container -> references(container, found));
        return found;
    }

    private static void references(Container container, Map<String, Boolean> found) {
        for (var variable : container.getEnv()) {
            var from = variable.getValueFrom();
            if (from != null && from.getConfigMapKeyRef() != null) {
                add(
                        found,
                        "configmap/",
                        from.getConfigMapKeyRef().getName(),
                        from.getConfigMapKeyRef().getOptional());
            }
            if (from != null && from.getSecretKeyRef() != null) {
                add(
                        found,
                        "secret/",
                        from.getSecretKeyRef().getName(),
                        from.getSecretKeyRef().getOptional());
            }
        }
        for (var from : container.getEnvFrom()) {
            if (from.getConfigMapRef() != null) {
                add(
                        found,
                        "configmap/",
                        from.getConfigMapRef().getName(),
                        from.getConfigMapRef().getOptional());
            }
            if (from.getSecretRef() != null) {
                add(
                        found,
                        "secret/",
                        from.getSecretRef().getName(),
                        from.getSecretRef().getOptional());
            }
        }
    }

    private static void add(
            Map<String, Boolean> found, String kind, @Nullable String name, @Nullable Boolean optional) {
        if (name != null && !name.isEmpty()) {
            found.merge(kind + name, Boolean.TRUE.equals(optional), Boolean::logicalAnd);
        }
    }

    private static String checksum(@Nullable Map<String, String> data) {
        // Go marshals a nil map as null, and the API server keeps no empty one.
        var json = data == null || data.isEmpty() ? "null" : json(new TreeMap<>(data));
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(json.getBytes(UTF_8)), 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private static String json(SortedMap<String, String> data) {
        return data.entrySet().stream()
                .map(entry -> List.of(quoted(entry.getKey()), quoted(entry.getValue())))
                .map(pair -> String.join(":", pair))
                .collect(Collectors.joining(",", "{", "}"));
    }

    /// As Go's encoding/json: safe for HTML too.
    private static String quoted(String text) {
        var quoted = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> quoted.append("\\\"");
                case '\\' -> quoted.append("\\\\");
                case '\n' -> quoted.append("\\n");
                case '\r' -> quoted.append("\\r");
                case '\t' -> quoted.append("\\t");
                case '\b' -> quoted.append("\\b");
                case '\f' -> quoted.append("\\f");
                case '<', '>', '&', '\u2028', '\u2029' -> quoted.append("\\u%04x".formatted((int) c));
                default -> {
                    if (c < 0x20) {
                        quoted.append("\\u%04x".formatted((int) c));
                    } else {
                        quoted.append(c);
                    }
                }
            }
        }
        return quoted.append('"').toString();
    }
}
