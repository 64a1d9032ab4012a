package dev.aviary.router.traffic;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.aviary.events.HttpMatch;
import dev.aviary.events.Percent;
import dev.aviary.flagger.CanaryService;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Specs of Istio's objects. A Canary's service is in Istio's words already; it is copied as it is.
final class IstioSpecs {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final TypeReference<Map<String, Object>> MAP = new TypeReference<>() {};
    private static final String MESH = "mesh";

    private IstioSpecs() {}

    static Map<String, Object> destinationRule(Apex apex, String host) {
        var spec = new LinkedHashMap<String, Object>();
        spec.put("host", host);
        put(spec, "trafficPolicy", apex.service().trafficPolicy());
        return spec;
    }

    static Map<String, Object> virtualService(Apex apex, Split split) {
        var spec = new LinkedHashMap<String, Object>();
        if (delegates(apex)) {
            if (!apex.service().hosts().isEmpty() || !apex.service().gateways().isEmpty()) {
                throw new UnservableException(
                        "%s: spec.service.delegation: a VirtualService that is delegated to has neither hosts nor gateways; leave them out."
                                .formatted(apex));
            }
        } else {
            spec.put("hosts", hosts(apex));
            spec.put(
                    "gateways",
                    apex.service().gateways().isEmpty()
                            ? List.of(MESH)
                            : apex.service().gateways());
        }
        if ("tcp".equalsIgnoreCase(apex.service().appProtocol())) {
            spec.put("tcp", List.of(tcp(apex, split)));
        } else {
            spec.put("http", http(apex, split));
        }
        return spec;
    }

    private static List<String> hosts(Apex apex) {
        var hosts = new ArrayList<>(apex.service().hosts());
        if (!hosts.contains(apex.name()) && !hosts.contains("*")) {
            hosts.add(apex.name());
        }
        return hosts;
    }

    private static List<Map<String, Object>> http(Apex apex, Split split) {
        var base = apex.service().match().stream()
                .map(match -> JSON.convertValue(match, MAP))
                .toList();
        var weighted = rule(apex, split.match().isEmpty() ? base : merged(base, split.match()), weighted(apex, split));
        if (!split.mirror().equals(Percent.ZERO)) {
            weighted.put("mirror", destination(apex, apex.canary()));
            weighted.put("mirrorPercentage", Map.of("value", whole(apex, split.mirror())));
        }
        return split.match().isEmpty()
                ? List.of(weighted)
                : List.of(weighted, rule(apex, base, List.of(weighed(apex, apex.primary(), Percent.ALL))));
    }

    private static Map<String, Object> rule(
            Apex apex, List<Map<String, Object>> match, List<Map<String, Object>> route) {
        var service = apex.service();
        var rule = new LinkedHashMap<String, Object>();
        if (!match.isEmpty()) {
            rule.put("match", match);
        }
        if (service.rewrite() != null) {
            put(
                    rule,
                    "rewrite",
                    new CanaryService.Rewrite(
                            service.rewrite().uri(), service.rewrite().authority(), null));
        }
        if (service.timeout() != null && !service.timeout().isEmpty()) {
            rule.put("timeout", service.timeout());
        }
        put(rule, "retries", service.retries());
        put(rule, "corsPolicy", service.corsPolicy());
        put(rule, "headers", service.headers());
        rule.put("route", route);
        return rule;
    }

    private static Map<String, Object> tcp(Apex apex, Split split) {
        if (!split.match().isEmpty()) {
            throw new UnservableException(
                    "%s: spec.service.appProtocol is tcp, where one request can't be told from another; leave out spec.analysis.match."
                            .formatted(apex));
        }
        var rule = new LinkedHashMap<String, Object>();
        var ports = apex.service().match().stream()
                .filter(match -> match.port() != null)
                .map(match -> Map.<String, Object>of("port", match.port()))
                .toList();
        if (!ports.isEmpty()) {
            rule.put("match", ports);
        }
        rule.put("route", weighted(apex, split));
        return rule;
    }

    private static List<Map<String, Object>> weighted(Apex apex, Split split) {
        whole(apex, split.canary()); // so that a refusal names the canary's
        return List.of(
                weighed(apex, apex.primary(), split.canary().rest()), weighed(apex, apex.canary(), split.canary()));
    }

    private static Map<String, Object> weighed(Apex apex, String host, Percent share) {
        var route = new LinkedHashMap<String, Object>();
        route.put("destination", destination(apex, host));
        route.put("weight", whole(apex, share));
        return route;
    }

    /// The port is only named where a gateway could mistake it.
    private static Map<String, Object> destination(Apex apex, String host) {
        var service = apex.service();
        boolean throughGateway =
                !service.gateways().isEmpty() && !MESH.equals(service.gateways().getFirst());
        return Boolean.TRUE.equals(service.portDiscovery()) && (throughGateway || delegates(apex))
                ? Map.of("host", host, "port", Map.of("number", apex.port()))
                : Map.of("host", host);
    }

    private static boolean delegates(Apex apex) {
        return Boolean.TRUE.equals(apex.service().delegation());
    }

    private static int whole(Apex apex, Percent share) {
        if (share.basisPoints() % 100 != 0) {
            throw new UnservableException(
                    "%s: a weight of %s %% was wanted; Istio takes whole percents only. Change spec.analysis, or take gatewayapi:v1. The route stays as it is."
                            .formatted(apex, share));
        }
        return share.basisPoints() / 100;
    }

    /// Each match of the analysis together with each of the service.
    private static List<Map<String, Object>> merged(List<Map<String, Object>> base, List<HttpMatch> analysis) {
        var wanted = analysis.stream().map(IstioSpecs::match).toList();
        return base.isEmpty()
                ? wanted
                : wanted.stream()
                        .flatMap(match -> base.stream().map(one -> merged(one, match)))
                        .toList();
    }

    private static Map<String, Object> merged(Map<String, Object> base, Map<String, Object> match) {
        var both = new LinkedHashMap<>(base);
        match.forEach((field, value) -> both.merge(field, value, IstioSpecs::union));
        return both;
    }

    private static Object union(Object one, Object other) {
        if (one instanceof Map<?, ?> base && other instanceof Map<?, ?> more) {
            var all = new LinkedHashMap<Object, Object>(base);
            all.putAll(more);
            return all;
        }
        return other;
    }

    private static Map<String, Object> match(HttpMatch match) {
        var built = new LinkedHashMap<String, Object>();
        if (!match.headers().isEmpty()) {
            built.put("headers", strings(match.headers()));
        }
        if (!match.queryParams().isEmpty()) {
            built.put("queryParams", strings(match.queryParams()));
        }
        if (!match.sourceLabels().isEmpty()) {
            built.put("sourceLabels", new TreeMap<>(match.sourceLabels()));
        }
        return built;
    }

    private static Map<String, Object> strings(Map<String, HttpMatch.StringMatch> matches) {
        var built = new TreeMap<String, Object>();
        matches.forEach((name, match) -> built.put(
                name,
                switch (match.kind()) {
                    case EXACT -> Map.of("exact", match.value());
                    case PREFIX -> Map.of("prefix", match.value());
                    case REGEX -> Map.of("regex", match.value());
                    // Istio has no suffix
                    case SUFFIX -> Map.of("regex", ".*" + GatewayApiMatches.quoted(match.value()));
                }));
        return built;
    }

    private static void put(Map<String, Object> into, String field, @Nullable Object value) {
        if (value != null) {
            into.put(field, JSON.convertValue(value, MAP));
        }
    }
}
