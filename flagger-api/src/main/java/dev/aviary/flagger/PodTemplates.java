package dev.aviary.flagger;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// A pod template in a form that is the same before and after the API server has filled in its defaults: sorted keys,
/// nothing that is a default, quantities as plain numbers.
///
/// @see <a href="https://github.com/kubernetes/kubernetes/blob/v1.34.4/pkg/apis/core/v1/defaults.go">Kubernetes'
/// defaults</a>
final class PodTemplates {
    private static final KubernetesSerialization JSON = new KubernetesSerialization();
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    /// By field, what the API server would write itself. Go's zero values count where Go doesn't tell them from absent.
    private static final Map<String, Set<String>> DEFAULTS = Map.ofEntries(
            Map.entry("dnsPolicy", Set.of("ClusterFirst")),
            Map.entry("restartPolicy", Set.of("Always")),
            Map.entry("terminationGracePeriodSeconds", Set.of("30")),
            Map.entry("schedulerName", Set.of("default-scheduler")),
            Map.entry("enableServiceLinks", Set.of("true")),
            Map.entry("hostNetwork", Set.of("false")),
            Map.entry("hostPID", Set.of("false")),
            Map.entry("hostIPC", Set.of("false")),
            Map.entry("terminationMessagePath", Set.of("/dev/termination-log")),
            Map.entry("terminationMessagePolicy", Set.of("File")),
            Map.entry("stdin", Set.of("false")),
            Map.entry("stdinOnce", Set.of("false")),
            Map.entry("tty", Set.of("false")),
            Map.entry("readOnly", Set.of("false")),
            Map.entry("protocol", Set.of("TCP")),
            Map.entry("hostPort", Set.of("0")),
            Map.entry("initialDelaySeconds", Set.of("0")),
            Map.entry("timeoutSeconds", Set.of("0", "1")),
            Map.entry("periodSeconds", Set.of("0", "10")),
            Map.entry("successThreshold", Set.of("0", "1")),
            Map.entry("failureThreshold", Set.of("0", "3")),
            Map.entry("scheme", Set.of("HTTP")),
            Map.entry("defaultMode", Set.of("420")),
            Map.entry("expirationSeconds", Set.of("3600")),
            Map.entry("divisor", Set.of("0")),
            Map.entry("procMount", Set.of("Default")),
            Map.entry("volumeMode", Set.of("Filesystem")),
            Map.entry("iscsiInterface", Set.of("default")),
            Map.entry("cachingMode", Set.of("ReadWrite")));

    /// The same, where the field's name alone doesn't say enough: `parent.field`.
    private static final Map<String, Set<String>> DEFAULTS_OF = Map.of(
            "httpGet.path", Set.of("/"),
            "fieldRef.apiVersion", Set.of("v1"),
            "azureDisk.fsType", Set.of("ext4"),
            "azureDisk.kind", Set.of("Shared"),
            "rbd.pool", Set.of("rbd"),
            "rbd.user", Set.of("admin"),
            "rbd.keyring", Set.of("/etc/ceph/keyring"),
            "scaleIO.storageMode", Set.of("ThinProvisioned"),
            "scaleIO.fsType", Set.of("xfs"));

    /// Their keys are the team's own, and an empty value is a value.
    private static final Set<String> MAPS = Set.of("labels", "annotations", "nodeSelector", "matchLabels");

    private static final Set<String> NOTHING_WHEN_EMPTY = Set.of(
            "securityContext", "resources", "limits", "requests", "metadata", "labels", "annotations", "nodeSelector");

    private static final Set<String> QUANTITIES = Set.of("limits", "requests");

    private PodTemplates() {}

    static ObjectNode canonical(PodTemplateSpec template) {
        var given = JSON.convertValue(template, ObjectNode.class);
        var metadata = NODES.objectNode();
        for (var kept : List.of("annotations", "labels")) {
            var map = given.path("metadata").path(kept);
            if (map.isObject() && !map.isEmpty()) {
                metadata.set(kept, tidy(map, kept));
            }
        }
        var canonical = NODES.objectNode();
        canonical.set("metadata", metadata);
        canonical.set("spec", pod(given.path("spec")));
        return canonical;
    }

    private static JsonNode pod(JsonNode given) {
        if (!(given instanceof ObjectNode present)) {
            return NODES.objectNode();
        }
        var spec = present.deepCopy();
        var account = spec.remove("serviceAccount");
        if (account != null && !spec.hasNonNull("serviceAccountName")) {
            spec.set("serviceAccountName", account);
        }
        boolean hostNetwork = spec.path("hostNetwork").asBoolean();
        for (var containers : List.of("containers", "initContainers", "ephemeralContainers")) {
            for (var container : spec.path(containers)) {
                container((ObjectNode) container, hostNetwork);
            }
        }
        for (var volume : spec.path("volumes")) {
            if (volume.size() == 1) {
                ((ObjectNode) volume).set("emptyDir", NODES.objectNode());
            }
        }
        return tidy(spec, "spec");
    }

    private static void container(ObjectNode container, boolean hostNetwork) {
        var image = container.path("image").asText();
        if (container.path("imagePullPolicy").asText().equals(latest(image) ? "Always" : "IfNotPresent")) {
            container.remove("imagePullPolicy");
        }
        if (container.path("resources").path("requests") instanceof ObjectNode requests) {
            var limits = container.path("resources").path("limits");
            requests.properties().stream()
                    .filter(request -> limits.has(request.getKey())
                            && quantity(request.getValue()).equals(quantity(limits.get(request.getKey()))))
                    .map(Map.Entry::getKey)
                    .toList()
                    .forEach(requests::remove);
        }
        for (var port : container.path("ports")) {
            if (hostNetwork
                    && port.path("hostPort").asInt()
                            == port.path("containerPort").asInt()) {
                ((ObjectNode) port).remove("hostPort");
            }
        }
    }

    /// As Kubernetes sees it: no tag, or `latest`, and no digest.
    private static boolean latest(String image) {
        if (image.contains("@")) {
            return false;
        }
        int tag = image.indexOf(':', image.lastIndexOf('/') + 1);
        return tag < 0 || image.substring(tag + 1).equals("latest");
    }

    private static JsonNode tidy(JsonNode node, String name) {
        return switch (node) {
            case ObjectNode object -> {
                var kept = new TreeMap<String, JsonNode>();
                for (var field : object.properties()) {
                    var value = QUANTITIES.contains(name) || field.getKey().equals("sizeLimit")
                            ? NODES.textNode(quantity(field.getValue()))
                            : tidy(field.getValue(), field.getKey());
                    if (MAPS.contains(name) || !isNothing(name, field.getKey(), value)) {
                        kept.put(field.getKey(), value);
                    }
                }
                var tidied = NODES.objectNode();
                kept.forEach(tidied::set);
                yield tidied;
            }
            case ArrayNode array -> {
                var tidied = NODES.arrayNode();
                array.forEach(element -> tidied.add(tidy(element, name)));
                yield tidied;
            }
            default -> node;
        };
    }

    private static boolean isNothing(String parent, String field, JsonNode value) {
        if (value.isNull() || (value.isArray() && value.isEmpty())) {
            return true;
        }
        if (value.isObject()) {
            return value.isEmpty() && NOTHING_WHEN_EMPTY.contains(field);
        }
        if (!value.isValueNode()) {
            return false;
        }
        var text = value.asText();
        return (text.isEmpty() && !field.equals("storageClassName"))
                || DEFAULTS.getOrDefault(field, Set.of()).contains(text)
                || DEFAULTS_OF.getOrDefault(parent + "." + field, Set.of()).contains(text);
    }

    /// `1000m` and `1` are one.
    private static String quantity(JsonNode written) {
        try {
            return Quantity.getAmountInBytes(new Quantity(written.asText()))
                    .stripTrailingZeros()
                    .toPlainString();
        } catch (ArithmeticException | IllegalArgumentException _) {
            return written.asText();
        }
    }

    /// What differs, in words and without values: who wrote a secret into an environment variable still has a secret.
    static List<String> changes(ObjectNode before, ObjectNode after) {
        var changes = new ArrayList<String>();
        for (var kind : List.of("annotations", "labels")) {
            differing(before.path("metadata").path(kind), after.path("metadata").path(kind))
                    .forEach(name -> changes.add("%s %s".formatted(kind.substring(0, kind.length() - 1), name)));
        }
        var was = before.path("spec");
        var is = after.path("spec");
        for (var field : differing(was, is)) {
            switch (field) {
                case "containers", "initContainers" -> {
                    var word = field.equals("containers") ? "container" : "init container";
                    containers(word, named(was.path(field)), named(is.path(field)), changes);
                }
                case "volumes" ->
                    differing(object(named(was.path(field))), object(named(is.path(field))))
                            .forEach(name -> changes.add("volume " + name));
                default -> changes.add("pod: " + field);
            }
        }
        return List.copyOf(changes);
    }

    private static void containers(
            String word, Map<String, JsonNode> before, Map<String, JsonNode> after, List<String> changes) {
        for (var name : differing(object(before), object(after))) {
            var was = before.get(name);
            var is = after.get(name);
            if (was == null || is == null) {
                changes.add("%s %s: %s".formatted(word, name, was == null ? "added" : "removed"));
                continue;
            }
            for (var field : differing(was, is)) {
                switch (field) {
                    case "image" ->
                        changes.add("%s %s: image %s → %s"
                                .formatted(
                                        word,
                                        name,
                                        was.path(field).asText("none"),
                                        is.path(field).asText("none")));
                    case "env" ->
                        differing(object(named(was.path(field))), object(named(is.path(field))))
                                .forEach(variable -> changes.add("%s %s: env %s".formatted(word, name, variable)));
                    default -> changes.add("%s %s: %s".formatted(word, name, field));
                }
            }
        }
    }

    private static List<String> differing(JsonNode one, JsonNode other) {
        var names = new TreeMap<String, Boolean>();
        one.properties().forEach(field -> names.put(field.getKey(), true));
        other.properties().forEach(field -> names.put(field.getKey(), true));
        return names.keySet().stream()
                .filter(name -> !one.path(name).equals(other.path(name)))
                .toList();
    }

    private static Map<String, JsonNode> named(JsonNode list) {
        var named = new TreeMap<String, JsonNode>();
        list.forEach(element -> named.put(element.path("name").asText(), element));
        return named;
    }

    private static ObjectNode object(Map<String, JsonNode> fields) {
        var object = NODES.objectNode();
        fields.forEach(object::set);
        return object;
    }
}
