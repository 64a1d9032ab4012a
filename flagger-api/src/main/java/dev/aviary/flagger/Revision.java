package dev.aviary.flagger;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/// What a workload would run: its pod template and the ConfigMaps and Secrets that it uses, as one name. Replicas,
/// labels of the workload itself and its strategy don't count.
///
/// @param name           `v1:` and 16 hex digits; the same before and after the API server filled in its defaults
/// @param images         of the containers, in their order
/// @param trackedConfigs checksum by `configmap/name` or `secret/name`
public record Revision(String name, List<String> images, SortedMap<String, String> trackedConfigs, Template template) {
    public static final String VERSION = "v1";

    /// The template in canonical form; it may hold secrets, so it shows nothing of itself.
    public static final class Template {
        private final ObjectNode canonical;

        private Template(ObjectNode canonical) {
            this.canonical = canonical;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Template template && template.canonical.equals(canonical);
        }

        @Override
        public int hashCode() {
            return canonical.hashCode();
        }

        @Override
        public String toString() {
            return "pod template";
        }
    }

    public sealed interface Found {}

    public record Known(Revision revision) implements Found {}

    /// A ConfigMap or Secret that the template can't do without isn't there: what would run can't be said.
    ///
    /// @param config such as `configmap/checkout`
    public record Missing(String config) implements Found {}

    /// @param configs all that there is in the workload's namespace, by `configmap/name` or `secret/name`: the
    ///                checksum ([Configs#checksum]), empty if it isn't tracked
    public static Found of(PodTemplateSpec template, Map<String, Optional<String>> configs) {
        var tracked = new TreeMap<String, String>();
        for (var reference : Configs.references(template).entrySet()) {
            var checksum = configs.get(reference.getKey());
            if (checksum == null && !reference.getValue()) {
                return new Missing(reference.getKey());
            }
            if (checksum != null) {
                checksum.ifPresent(known -> tracked.put(reference.getKey(), known));
            }
        }
        var canonical = PodTemplates.canonical(template);
        var images = new ArrayList<String>();
        canonical
                .path("spec")
                .path("containers")
                .forEach(container -> images.add(container.path("image").asText()));
        return new Known(new Revision(
                VERSION + ":" + hash(canonical, tracked),
                List.copyOf(images),
                Collections.unmodifiableSortedMap(tracked),
                new Template(canonical)));
    }

    /// What differs from the one before, in words; names only, never values.
    public List<String> changedSince(Revision before) {
        var changes = new ArrayList<>(PodTemplates.changes(before.template.canonical, template.canonical));
        changes.addAll(changedConfigs(before.trackedConfigs));
        return List.copyOf(changes);
    }

    /// The same where only the configs of the one before are known.
    public List<String> changedConfigs(SortedMap<String, String> before) {
        var names = new TreeSet<>(before.keySet());
        names.addAll(trackedConfigs.keySet());
        return names.stream()
                .filter(name ->
                        !Optional.ofNullable(before.get(name)).equals(Optional.ofNullable(trackedConfigs.get(name))))
                .map(Configs::inWords)
                .toList();
    }

    private static String hash(ObjectNode template, SortedMap<String, String> configs) {
        try {
            var digest = MessageDigest.getInstance("SHA-256");
            digest.update(template.toString().getBytes(UTF_8));
            configs.forEach((name, checksum) ->
                    digest.update("\n%s=%s".formatted(name, checksum).getBytes(UTF_8)));
            return HexFormat.of().formatHex(digest.digest(), 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
