package dev.aviary.router.traffic;

import dev.aviary.events.HttpMatch;
import dev.aviary.flagger.CanaryService.RequestMatch;
import dev.aviary.flagger.StringMatch;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPHeaderMatch;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPHeaderMatchBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPPathMatch;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPPathMatchBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPQueryParamMatch;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPQueryParamMatchBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteMatch;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteMatchBuilder;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Istio's matches, which is how a Canary says them, in Gateway API's words. A prefix or suffix, which Gateway API has
/// only for paths, becomes a regular expression.
final class GatewayApiMatches {
    private static final HTTPPathMatch EVERY_PATH =
            new HTTPPathMatchBuilder().withType("PathPrefix").withValue("/").build();

    private GatewayApiMatches() {}

    /// Of every request, if none is named.
    static List<HTTPRouteMatch> of(Apex apex, List<RequestMatch> wanted) {
        return wanted.isEmpty()
                ? List.of(new HTTPRouteMatchBuilder().withPath(EVERY_PATH).build())
                : wanted.stream().map(match -> of(apex, match)).toList();
    }

    /// Each of the one kind together with each of the other.
    static List<HTTPRouteMatch> merged(List<HTTPRouteMatch> base, List<HttpMatch> analysis) {
        return analysis.stream()
                .flatMap(wanted -> base.stream().map(match -> merged(match, wanted)))
                .toList();
    }

    private static HTTPRouteMatch of(Apex apex, RequestMatch match) {
        var built = new HTTPRouteMatchBuilder()
                .withPath(match.uri() == null ? EVERY_PATH : path(match.uri()))
                .withHeaders(sorted(match.headers()).entrySet().stream()
                        .map(header -> header(header.getKey(), kind(header.getValue()), value(header.getValue())))
                        .toList())
                .withQueryParams(sorted(match.queryParams()).entrySet().stream()
                        .map(param -> param(param.getKey(), kind(param.getValue()), value(param.getValue())))
                        .toList());
        if (match.method() != null) {
            if (match.method().exact() == null) {
                throw new UnservableException(
                        "%s: spec.service.match: gatewayapi:v1 compares a method only exactly.".formatted(apex));
            }
            built.withMethod(match.method().exact());
        }
        return built.build();
    }

    private static HTTPRouteMatch merged(HTTPRouteMatch base, HttpMatch wanted) {
        return new HTTPRouteMatchBuilder(base)
                .withHeaders(Stream.concat(
                                base.getHeaders().stream(),
                                wanted.headers().entrySet().stream()
                                        .map(header -> header(
                                                header.getKey(),
                                                header.getValue().kind(),
                                                header.getValue().value())))
                        .toList())
                .withQueryParams(Stream.concat(
                                base.getQueryParams().stream(),
                                wanted.queryParams().entrySet().stream()
                                        .map(param -> param(
                                                param.getKey(),
                                                param.getValue().kind(),
                                                param.getValue().value())))
                        .toList())
                .build();
    }

    private static HTTPPathMatch path(StringMatch uri) {
        var type = switch (kind(uri)) {
            case EXACT -> "Exact";
            case REGEX -> "RegularExpression";
            case PREFIX, SUFFIX -> "PathPrefix";
        };
        return new HTTPPathMatchBuilder()
                .withType(type)
                .withValue(value(uri).isEmpty() ? "/" : value(uri))
                .build();
    }

    private static HTTPHeaderMatch header(String name, HttpMatch.Kind kind, String value) {
        return new HTTPHeaderMatchBuilder()
                .withName(name)
                .withType(type(kind))
                .withValue(pattern(kind, value))
                .build();
    }

    private static HTTPQueryParamMatch param(String name, HttpMatch.Kind kind, String value) {
        return new HTTPQueryParamMatchBuilder()
                .withName(name)
                .withType(type(kind))
                .withValue(pattern(kind, value))
                .build();
    }

    private static String type(HttpMatch.Kind kind) {
        return kind == HttpMatch.Kind.EXACT ? "Exact" : "RegularExpression";
    }

    private static String pattern(HttpMatch.Kind kind, String value) {
        return switch (kind) {
            case EXACT, REGEX -> value;
            case PREFIX -> quoted(value) + ".*";
            case SUFFIX -> ".*" + quoted(value);
        };
    }

    /// RE2 has no quoting block that every gateway knows.
    static String quoted(String text) {
        return text.replaceAll("[\\\\.+*?()|\\[\\]{}^$]", "\\\\$0");
    }

    private static HttpMatch.Kind kind(StringMatch match) {
        if (match.exact() != null) {
            return HttpMatch.Kind.EXACT;
        }
        return match.prefix() != null ? HttpMatch.Kind.PREFIX : HttpMatch.Kind.REGEX;
    }

    private static String value(StringMatch match) {
        return first(match.exact(), match.prefix(), match.regex());
    }

    private static String first(@Nullable String... given) {
        for (var one : given) {
            if (one != null) {
                return one;
            }
        }
        return "";
    }

    private static <V> Map<String, V> sorted(Map<String, V> all) {
        return new TreeMap<>(all);
    }
}
