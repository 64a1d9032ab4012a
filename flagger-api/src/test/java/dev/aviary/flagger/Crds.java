package dev.aviary.flagger;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.fabric8.crdv2.generator.CRDGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/// Makes the CRDs of Flagger's resources from our classes; what Java's types can't say (enums, patterns, `oneOf`,
/// printer
/// columns) is added here, as Flagger 1.44's own CRDs have it. `main` writes `k8s/crds/`.
///
/// @see <a href="https://github.com/fluxcd/flagger/blob/v1.44.0/artifacts/flagger/crd.yaml">Flagger's CRDs</a>
public final class Crds {
    private static final String DNS1123 = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
    private static final String SUBDOMAIN = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
    private static final String DURATION = "^[0-9]+(m|s)";
    private static final YAMLMapper YAML = new YAMLMapper(new YAMLFactory()
            .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
            .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
            .disable(YAMLGenerator.Feature.SPLIT_LINES));

    private Crds() {}

    /// Run it with `./mvnw -pl flagger-api -am test -Dtest=CrdsTest -Daviary.crds=write`.
    static void write(Path folder) throws IOException {
        Files.createDirectories(folder);
        for (var crd : all().entrySet()) {
            Files.writeString(folder.resolve(crd.getKey()), crd.getValue());
        }
    }

    /// By file name.
    static SortedMap<String, String> all() {
        var generated = new TreeMap<String, ByteArrayOutputStream>();
        try (var output = new InMemory(generated)) {
            new CRDGenerator()
                    .withParallelGenerationEnabled(false)
                    .customResourceClasses(Canary.class, MetricTemplate.class, AlertProvider.class)
                    .forCRDVersions("v1")
                    .withOutput(output)
                    .generate();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        var all = new TreeMap<String, String>();
        generated.values().forEach(one -> {
            try {
                var crd = (ObjectNode) YAML.readTree(one.toString(StandardCharsets.UTF_8));
                refine(crd);
                all.put(
                        crd.path("metadata").path("name").asText().replace(".flagger.app", ".yaml"),
                        YAML.writeValueAsString(crd));
            } catch (JsonProcessingException e) {
                throw new UncheckedIOException(e);
            }
        });
        return all;
    }

    private record InMemory(Map<String, ByteArrayOutputStream> files)
            implements CRDGenerator.CRDOutput<ByteArrayOutputStream> {
        @Override
        public ByteArrayOutputStream outputFor(String name) {
            return files.computeIfAbsent(name, _ -> new ByteArrayOutputStream());
        }

        @Override
        public void close() throws IOException {
            for (OutputStream file : files.values()) {
                file.close();
            }
        }
    }

    private static void refine(ObjectNode crd) {
        ((ObjectNode) crd.path("metadata")).putObject("annotations").put("helm.sh/resource-policy", "keep");
        ((ObjectNode) crd.path("spec").path("names")).putArray("categories").add("all");
        var version = (ObjectNode) crd.path("spec").path("versions").path(0);
        var schema = new Schema((ObjectNode) version.path("schema").path("openAPIV3Schema"));
        version.remove("additionalPrinterColumns");
        var columns = version.putArray("additionalPrinterColumns");
        switch (crd.path("spec").path("names").path("kind").asText()) {
            case "Canary" -> {
                canary(schema);
                service(schema);
                trafficPolicy(schema);
                column(columns, "Status", ".status.phase", "string");
                column(columns, "Weight", ".status.canaryWeight", "string");
                column(columns, "Suspended", ".spec.suspend", "boolean").put("priority", 1);
                column(columns, "FailedChecks", ".status.failedChecks", "string")
                        .put("priority", 1);
                column(columns, "Interval", ".spec.analysis.interval", "string").put("priority", 1);
                column(columns, "Mirror", ".spec.analysis.mirror", "boolean").put("priority", 1);
                column(columns, "StepWeight", ".spec.analysis.stepWeight", "string")
                        .put("priority", 1);
                column(columns, "StepWeights", ".spec.analysis.stepWeights", "string")
                        .put("priority", 1);
                column(columns, "MaxWeight", ".spec.analysis.maxWeight", "string")
                        .put("priority", 1);
                column(columns, "LastTransitionTime", ".status.lastTransitionTime", "string");
            }
            case "MetricTemplate" -> {
                schema.at("spec.provider.type")
                        .oneOfThese(
                                "prometheus",
                                "influxdb",
                                "datadog",
                                "externalmetrics",
                                "stackdriver",
                                "cloudwatch",
                                "newrelic",
                                "graphite",
                                "dynatrace",
                                "keptn",
                                "splunk");
                column(columns, "Provider", ".spec.provider.type", "string");
            }
            default -> {
                schema.at("spec.type").oneOfThese("slack", "msteams", "discord", "rocket", "gchat");
                schema.at("spec").exactlyOne(List.of("type", "address"), List.of("type", "secretRef"));
                column(columns, "Type", ".spec.type", "string");
            }
        }
    }

    private static void canary(Schema schema) {
        schema.at("spec.provider")
                .oneOfThese(
                        "apisix",
                        "appmesh",
                        "appmesh:v1beta2",
                        "contour",
                        "gatewayapi:v1",
                        "gatewayapi:v1beta1",
                        "gloo",
                        "istio",
                        "knative",
                        "kubernetes",
                        "kuma",
                        "linkerd",
                        "nginx",
                        "osm",
                        "skipper",
                        "smi:v1alpha1",
                        "smi:v1alpha2",
                        "smi:v1alpha3",
                        "traefik");
        schema.at("spec.targetRef.kind").oneOfThese("DaemonSet", "Deployment", "Service");
        schema.at("spec.autoscalerRef.kind").oneOfThese("HorizontalPodAutoscaler", "ScaledObject");
        schema.at("spec.ingressRef.kind").oneOfThese("Ingress");
        schema.at("spec.routeRef.kind").oneOfThese("ApisixRoute");
        schema.at("spec.upstreamRef.kind").oneOfThese("Upstream");
        schema.at("spec.analysis")
                .exactlyOne(
                        List.of("interval", "threshold", "iterations"),
                        List.of("interval", "threshold", "stepWeight"),
                        List.of("interval", "threshold", "stepWeights"));
        schema.at("spec.analysis.interval").pattern(DURATION);
        schema.at("spec.analysis.metrics[].interval").pattern(DURATION);
        schema.at("spec.analysis.match[].headers{}")
                .exactlyOne(List.of("exact"), List.of("prefix"), List.of("suffix"), List.of("regex"));
        schema.at("spec.analysis.match[].queryParams{}").atMostOne("exact", "prefix", "regex");
        schema.at("spec.analysis.alerts[].severity").oneOfThese("", "info", "warn", "error");
        schema.at("spec.analysis.webhooks[].type")
                .oneOfThese(
                        "",
                        "confirm-rollout",
                        "pre-rollout",
                        "rollout",
                        "confirm-promotion",
                        "post-rollout",
                        "event",
                        "rollback",
                        "confirm-traffic-increase");
        schema.at("spec.analysis.webhooks[].url").node().put("format", "url");
        schema.at("spec.analysis.webhooks[].timeout").pattern(DURATION);
        schema.at("spec.analysis.sessionAffinity.sameSite").oneOfThese("Strict", "Lax", "None");
        schema.at("status.phase")
                .oneOfThese(
                        "",
                        "Initializing",
                        "Initialized",
                        "Waiting",
                        "Progressing",
                        "WaitingPromotion",
                        "Promoting",
                        "Finalising",
                        "Succeeded",
                        "Failed",
                        "Terminating",
                        "Terminated");
        for (var time : List.of(
                "status.lastTransitionTime",
                "status.conditions[].lastUpdateTime",
                "status.conditions[].lastTransitionTime")) {
            schema.at(time).node().put("format", "date-time");
        }
    }

    private static void service(Schema schema) {
        schema.at("spec.service.trafficDistribution").oneOfThese("PreferClose", "PreferSameZone", "PreferSameNode");
        schema.at("spec.service.gatewayRefs").node().put("maxItems", 32);
        schema.at("spec.service.gatewayRefs[].group").pattern("^$|" + SUBDOMAIN).length(0, 253);
        schema.at("spec.service.gatewayRefs[].kind")
                .pattern("^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$")
                .length(1, 63);
        schema.at("spec.service.gatewayRefs[].name").length(1, 253);
        schema.at("spec.service.gatewayRefs[].namespace").pattern(DNS1123).length(1, 63);
        schema.at("spec.service.gatewayRefs[].sectionName").pattern(SUBDOMAIN).length(1, 253);
        schema.at("spec.service.gatewayRefs[].port").node().put("format", "int32");
        schema.at("spec.service.mirror[].backendRef.group")
                .pattern("^$|" + SUBDOMAIN)
                .length(0, 253);
        schema.at("spec.service.mirror[].backendRef.group").node().put("default", "");
        schema.at("spec.service.mirror[].backendRef.kind")
                .pattern("^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$")
                .length(1, 63);
        schema.at("spec.service.mirror[].backendRef.name").length(1, 253);
        schema.at("spec.service.mirror[].backendRef.namespace").pattern(DNS1123).length(1, 63);
        schema.at("spec.service.mirror[].backendRef.port").node().put("format", "int32");
        for (var match :
                List.of("uri", "scheme", "method", "authority", "headers{}", "queryParams{}", "withoutHeaders{}")) {
            schema.at("spec.service.match[]." + match).atMostOne("exact", "prefix", "regex");
        }
        schema.at("spec.service.corsPolicy.allowOrigins[]")
                .exactlyOne(List.of("exact"), List.of("prefix"), List.of("regex"));
    }

    private static void trafficPolicy(Schema schema) {
        var policy = "spec.service.trafficPolicy.";
        schema.at(policy + "connectionPool.http.h2UpgradePolicy").oneOfThese("DEFAULT", "DO_NOT_UPGRADE", "UPGRADE");
        schema.at(policy + "loadBalancer.simple")
                .oneOfThese("ROUND_ROBIN", "LEAST_CONN", "RANDOM", "PASSTHROUGH", "LEAST_REQUEST");
        schema.at(policy + "loadBalancer").exactlyOne(List.of("simple"), List.of("consistentHash"));
        schema.at(policy + "loadBalancer.consistentHash")
                .exactlyOne(
                        List.of("httpCookie"),
                        List.of("httpHeaderName"),
                        List.of("httpQueryParameterName"),
                        List.of("useSourceIp"));
        schema.at(policy + "tls.mode").oneOfThese("DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL");
    }

    private static ObjectNode column(ArrayNode columns, String name, String path, String type) {
        return columns.addObject().put("name", name).put("type", type).put("jsonPath", path);
    }

    /// A schema, or a part of one.
    private record Schema(ObjectNode root, ObjectNode node) {
        Schema(ObjectNode root) {
            this(root, root);
        }

        /// @param path with `[]` for a list's elements and `{}` for a map's values
        Schema at(String path) {
            JsonNode at = root;
            for (var name : path.replace("[]", ".[]").replace("{}", ".{}").split("[.]")) {
                at = switch (name) {
                    case "[]" -> at.path("items");
                    case "{}" -> at.path("additionalProperties");
                    default -> at.path("properties").path(name);
                };
            }
            if (!(at instanceof ObjectNode found)) {
                throw new IllegalStateException("our classes have no " + path);
            }
            return new Schema(root, found);
        }

        void oneOfThese(String... values) {
            var all = node.putArray("enum");
            Arrays.stream(values).forEach(all::add);
        }

        Schema pattern(String pattern) {
            node.put("pattern", pattern);
            return this;
        }

        void length(int least, int most) {
            if (least > 0) {
                node.put("minLength", least);
            }
            node.put("maxLength", most);
        }

        @SafeVarargs
        final void exactlyOne(List<String>... groups) {
            var all = node.putArray("oneOf");
            for (var group : groups) {
                var required = all.addObject().putArray("required");
                group.forEach(required::add);
            }
        }

        /// Istio's own way to say it: none of them, or exactly one.
        void atMostOne(String... names) {
            var all = node.putArray("oneOf");
            var any = all.addObject().putObject("not").putArray("anyOf");
            for (var name : names) {
                any.addObject().putArray("required").add(name);
                all.addObject().putArray("required").add(name);
            }
        }
    }
}
