package dev.aviary.router.traffic;

import dev.aviary.events.Percent;
import dev.aviary.flagger.CanaryService;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.BackendObjectReference;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.BackendObjectReferenceBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.FractionBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPCORSFilterBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPHeader;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPHeaderBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPHeaderFilter;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPHeaderFilterBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPPathModifierBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRequestMirrorFilterBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteFilter;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteFilterBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPURLRewriteFilterBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// What an HTTPRoute does to requests and answers beside weighing them.
final class GatewayApiFilters {
    private GatewayApiFilters() {}

    static List<HTTPRouteFilter> of(Apex apex) {
        var service = apex.service();
        var filters = new ArrayList<HTTPRouteFilter>();
        if (service.rewrite() != null) {
            filters.add(rewrite(service.rewrite()));
        }
        if (service.headers() != null) {
            if (service.headers().request() != null) {
                filters.add(new HTTPRouteFilterBuilder()
                        .withType("RequestHeaderModifier")
                        .withRequestHeaderModifier(headers(service.headers().request()))
                        .build());
            }
            if (service.headers().response() != null) {
                filters.add(new HTTPRouteFilterBuilder()
                        .withType("ResponseHeaderModifier")
                        .withResponseHeaderModifier(headers(service.headers().response()))
                        .build());
            }
        }
        service.mirror().stream()
                .flatMap(mirror -> Optional.ofNullable(mirror.backendRef()).stream())
                .map(GatewayApiFilters::toThirdParty)
                .forEach(filters::add);
        if (service.corsPolicy() != null) {
            filters.add(cors(apex, service.corsPolicy()));
        }
        return List.copyOf(filters);
    }

    static HTTPRouteFilter mirrorToCanary(Apex apex, Percent share) {
        var mirror = new HTTPRequestMirrorFilterBuilder()
                .withBackendRef(new BackendObjectReferenceBuilder()
                        .withGroup("")
                        .withKind("Service")
                        .withName(apex.canary())
                        .withPort(apex.port())
                        .build());
        if (!share.equals(Percent.ALL)) {
            mirror.withFraction(new FractionBuilder()
                    .withNumerator(share.basisPoints())
                    .withDenominator(Percent.ALL.basisPoints())
                    .build());
        }
        return new HTTPRouteFilterBuilder()
                .withType("RequestMirror")
                .withRequestMirror(mirror.build())
                .build();
    }

    /// @return the share that is mirrored to this service, nothing if the filter is another
    static Optional<Percent> mirrorsTo(HTTPRouteFilter filter, String service) {
        var mirror = filter.getRequestMirror();
        if (mirror == null
                || mirror.getBackendRef() == null
                || !service.equals(mirror.getBackendRef().getName())) {
            return Optional.empty();
        }
        if (mirror.getFraction() != null) {
            long of = Optional.ofNullable(mirror.getFraction().getDenominator()).orElse(100);
            return Optional.of(new Percent((int) (mirror.getFraction().getNumerator() * 100_00L / of)));
        }
        return Optional.of(Optional.ofNullable(mirror.getPercent())
                .map(percent -> new Percent(percent * 100))
                .orElse(Percent.ALL));
    }

    private static HTTPRouteFilter toThirdParty(CanaryService.BackendRef ref) {
        BackendObjectReference backend = new BackendObjectReferenceBuilder()
                .withGroup(ref.group())
                .withKind(ref.kind())
                .withName(ref.name())
                .withNamespace(ref.namespace())
                .withPort(ref.port())
                .build();
        return new HTTPRouteFilterBuilder()
                .withType("RequestMirror")
                .withRequestMirror(new HTTPRequestMirrorFilterBuilder()
                        .withBackendRef(backend)
                        .build())
                .build();
    }

    private static HTTPRouteFilter rewrite(CanaryService.Rewrite wanted) {
        var rewrite = new HTTPURLRewriteFilterBuilder().withHostname(emptyToNull(wanted.authority()));
        if (emptyToNull(wanted.uri()) != null) {
            boolean prefix = "ReplacePrefixMatch".equals(wanted.type());
            rewrite.withPath(new HTTPPathModifierBuilder()
                    .withType(prefix ? "ReplacePrefixMatch" : "ReplaceFullPath")
                    .withReplacePrefixMatch(prefix ? wanted.uri() : null)
                    .withReplaceFullPath(prefix ? null : wanted.uri())
                    .build());
        }
        return new HTTPRouteFilterBuilder()
                .withType("URLRewrite")
                .withUrlRewrite(rewrite.build())
                .build();
    }

    private static HTTPHeaderFilter headers(CanaryService.HeaderOperations wanted) {
        return new HTTPHeaderFilterBuilder()
                .withAdd(sorted(wanted.add()))
                .withSet(sorted(wanted.set()))
                .withRemove(wanted.remove())
                .build();
    }

    private static List<HTTPHeader> sorted(Map<String, String> headers) {
        return new TreeMap<>(headers)
                .entrySet().stream()
                        .map(header -> new HTTPHeaderBuilder()
                                .withName(header.getKey())
                                .withValue(header.getValue())
                                .build())
                        .toList();
    }

    private static HTTPRouteFilter cors(Apex apex, CanaryService.CorsPolicy wanted) {
        var origins = new ArrayList<>(wanted.allowOrigin());
        for (var origin : wanted.allowOrigins()) {
            if (origin.exact() == null) {
                throw new UnservableException(
                        "%s: spec.service.corsPolicy.allowOrigins: gatewayapi:v1 compares an origin only exactly."
                                .formatted(apex));
            }
            origins.add(origin.exact());
        }
        return new HTTPRouteFilterBuilder()
                .withType("CORS")
                .withCors(new HTTPCORSFilterBuilder()
                        .withAllowCredentials(wanted.allowCredentials())
                        .withAllowHeaders(wanted.allowHeaders())
                        .withAllowMethods(wanted.allowMethods())
                        .withAllowOrigins(origins)
                        .withExposeHeaders(wanted.exposeHeaders())
                        .withMaxAge(maxAge(apex, wanted))
                        .build())
                .build();
    }

    /// Gateway API counts it in seconds, and takes 5 if none is given.
    private static int maxAge(Apex apex, CanaryService.CorsPolicy wanted) {
        if (emptyToNull(wanted.maxAge()) == null) {
            return 5;
        }
        try {
            return (int) Duration.parse("PT" + wanted.maxAge()).toSeconds();
        } catch (java.time.format.DateTimeParseException e) {
            throw new UnservableException("%s: spec.service.corsPolicy.maxAge is \"%s\"; write it as 24h or 30s."
                    .formatted(apex, wanted.maxAge()));
        }
    }

    private static @org.jspecify.annotations.Nullable String emptyToNull(
            @org.jspecify.annotations.Nullable String given) {
        return given == null || given.isEmpty() ? null : given;
    }
}
