package dev.aviary.router.traffic;

import dev.aviary.events.Percent;
import dev.aviary.flagger.Canary;
import dev.aviary.flagger.CanaryService;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPBackendRef;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPBackendRefBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteFilter;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteMatch;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteRule;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteRuleBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteSpec;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteSpecBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteTimeoutsBuilder;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.ParentReference;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.ParentReferenceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.Resource;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// Gateway API: an `HTTPRoute` with two weighted backends, the object that Flagger makes, so that a team can change
/// over without a new route. In an A/B test its first rule has the match and both backends, its second the primary.
///
/// @see <a href="https://github.com/fluxcd/flagger/blob/main/pkg/router/gateway_api.go">Flagger's router</a>
@ApplicationScoped
public class GatewayApiTrafficRouter implements TrafficRouter {
    private final KubernetesClient kube;
    private final FencedWriter writer;

    public GatewayApiTrafficRouter(KubernetesClient kube, FencedWriter writer) {
        this.kube = kube;
        this.writer = writer;
    }

    @Override
    public Set<String> providers() {
        return Set.of("gatewayapi:v1");
    }

    @Override
    public Standing shift(Canary canary, Split split, Fence fence) {
        var apex = Apex.of(canary);
        if (apex.service().gatewayRefs().isEmpty()) {
            throw new UnservableException(
                    "%s: spec.service.gatewayRefs is empty; gatewayapi:v1 needs the Gateway that the route is for."
                            .formatted(apex));
        }
        var spec = spec(apex, split);
        var written =
                writer.write(route(apex), fence, route -> standing(apex, route).exposure(), found -> {
                    found.ifPresent(route -> refuseToRaiseWhereNobodyListens(apex, route, split));
                    return new HTTPRouteBuilder(found.orElseGet(HTTPRoute::new))
                            .withMetadata(metadata(canary, apex, found))
                            .withSpec(spec)
                            .build();
                });
        return standing(apex, written);
    }

    @Override
    public Optional<Standing> read(Canary canary) {
        var apex = Apex.of(canary);
        return Optional.ofNullable(route(apex).get()).map(route -> standing(apex, route));
    }

    @Override
    public void restore(Canary canary, Fence fence) {
        var apex = Apex.of(canary);
        var found = Optional.ofNullable(route(apex).get());
        if (found.isEmpty() || Owned.by(canary, found.get())) {
            return; // goes with its Canary
        }
        Owned.original(found.get(), HTTPRouteSpec.class)
                .ifPresent(before -> writer.write(
                        route(apex),
                        fence,
                        _ -> 0,
                        there -> new HTTPRouteBuilder(there.orElseThrow())
                                .withMetadata(
                                        Owned.forgotten(there.orElseThrow().getMetadata()))
                                .withSpec(before)
                                .build()));
    }

    @Override
    public AutoCloseable watch(Optional<String> namespace, Consumer<OwnedBy> changed) {
        return Watching.of(kube.resources(HTTPRoute.class), namespace, changed);
    }

    private Resource<HTTPRoute> route(Apex apex) {
        return kube.resources(HTTPRoute.class).inNamespace(apex.namespace()).withName(apex.name());
    }

    private static ObjectMeta metadata(Canary canary, Apex apex, Optional<HTTPRoute> found) {
        var labels = Metadata.labels(apex.service().apex());
        var annotations = Metadata.annotations(apex.service().apex());
        return found.map(route -> Owned.remembering(
                        canary, route, Owned.metadata(route.getMetadata(), labels, annotations), route.getSpec()))
                .orElseGet(() -> Owned.metadata(canary, apex.name(), labels, annotations));
    }

    /// Spelled out, with every default that the API server would add: what is read back then equals what is wanted.
    private static HTTPRouteSpec spec(Apex apex, Split split) {
        var service = apex.service();
        var base = GatewayApiMatches.of(apex, service.match());
        var rules = new ArrayList<HTTPRouteRule>();
        rules.add(rule(
                apex,
                split.match().isEmpty() ? base : GatewayApiMatches.merged(base, split.match()),
                mirrored(apex, split),
                List.of(
                        backend(apex, apex.primary(), split.canary().rest(), split.canary()),
                        backend(apex, apex.canary(), split.canary(), split.canary()))));
        if (!split.match().isEmpty()) {
            rules.add(rule(
                    apex,
                    base,
                    GatewayApiFilters.of(apex),
                    List.of(backend(apex, apex.primary(), Percent.ALL, Percent.ALL))));
        }
        return new HTTPRouteSpecBuilder()
                .withParentRefs(service.gatewayRefs().stream()
                        .map(GatewayApiTrafficRouter::parent)
                        .toList())
                .withHostnames(service.hosts())
                .withRules(rules)
                .build();
    }

    private static ParentReference parent(CanaryService.GatewayRef ref) {
        return new ParentReferenceBuilder()
                .withGroup(ref.group())
                .withKind(ref.kind())
                .withName(ref.name())
                .withNamespace(ref.namespace())
                .withSectionName(ref.sectionName())
                .withPort(ref.port())
                .build();
    }

    private static HTTPRouteRule rule(
            Apex apex, List<HTTPRouteMatch> matches, List<HTTPRouteFilter> filters, List<HTTPBackendRef> backends) {
        var rule = new HTTPRouteRuleBuilder()
                .withMatches(matches)
                .withFilters(filters)
                .withBackendRefs(backends);
        var service = apex.service();
        if (service.timeout() != null || service.backendTimeout() != null) {
            rule.withTimeouts(new HTTPRouteTimeoutsBuilder()
                    .withRequest(service.timeout())
                    .withBackendRequest(service.backendTimeout())
                    .build());
        }
        return rule.build();
    }

    private static List<HTTPRouteFilter> mirrored(Apex apex, Split split) {
        var filters = GatewayApiFilters.of(apex);
        return split.mirror().equals(Percent.ZERO)
                ? filters
                : Stream.concat(filters.stream(), Stream.of(GatewayApiFilters.mirrorToCanary(apex, split.mirror())))
                        .toList();
    }

    /// Whole percents as Flagger writes them; hundredths only where a share has some.
    private static HTTPBackendRef backend(Apex apex, String service, Percent share, Percent canary) {
        boolean whole = canary.basisPoints() % 100 == 0;
        return new HTTPBackendRefBuilder()
                .withGroup("")
                .withKind("Service")
                .withName(service)
                .withPort(apex.port())
                .withWeight(whole ? share.basisPoints() / 100 : share.basisPoints())
                .build();
    }

    private static Standing standing(Apex apex, HTTPRoute route) {
        var rules = Optional.ofNullable(route.getSpec())
                .map(HTTPRouteSpec::getRules)
                .orElseGet(List::of);
        boolean toPrimaryOnly = rules.stream().anyMatch(rule -> weight(rule, apex.canary()) == 0);
        // a hand may have added rules: the largest share counts
        var canary = rules.stream()
                .map(rule -> share(rule, apex.canary()))
                .reduce(Percent.ZERO, (one, other) -> other.isAbove(one) ? other : one);
        var mirror = rules.stream()
                .flatMap(rule -> Optional.ofNullable(rule.getFilters()).stream().flatMap(List::stream))
                .flatMap(filter -> GatewayApiFilters.mirrorsTo(filter, apex.canary()).stream())
                .findFirst()
                .orElse(Percent.ZERO);
        return Standing.of(route, canary, mirror, toPrimaryOnly && !canary.equals(Percent.ZERO));
    }

    private static Percent share(HTTPRouteRule rule, String service) {
        long all = rule.getBackendRefs().stream()
                .mapToLong(GatewayApiTrafficRouter::weight)
                .sum();
        return all == 0 ? Percent.ZERO : new Percent((int) (weight(rule, service) * 100_00 / all));
    }

    private static long weight(HTTPRouteRule rule, String service) {
        return rule.getBackendRefs().stream()
                .filter(backend -> service.equals(backend.getName()))
                .mapToLong(GatewayApiTrafficRouter::weight)
                .sum();
    }

    private static long weight(HTTPBackendRef backend) {
        return Optional.ofNullable(backend.getWeight()).orElse(1);
    }

    /// A canary behind a route that no gateway takes would be judged by nothing. Lowering goes through all the same.
    private static void refuseToRaiseWhereNobodyListens(Apex apex, HTTPRoute route, Split split) {
        if (!split.canary().isAbove(standing(apex, route).canary()) || route.getStatus() == null) {
            return;
        }
        var generation =
                Optional.ofNullable(route.getMetadata().getGeneration()).orElse(0L);
        Optional.ofNullable(route.getStatus().getParents()).orElseGet(List::of).stream()
                .flatMap(parent -> Optional.ofNullable(parent.getConditions()).orElseGet(List::of).stream())
                .filter(condition -> "Accepted".equals(condition.getType()) && "False".equals(condition.getStatus()))
                .filter(condition -> generation.equals(condition.getObservedGeneration()))
                .findFirst()
                .ifPresent(condition -> {
                    throw new UnservableException(notAccepted(apex, condition));
                });
    }

    private static String notAccepted(Apex apex, Condition condition) {
        return "HTTPRoute %s/%s: no gateway accepts it (%s: %s), so the canary gets no more traffic; see spec.service."
                .formatted(apex.namespace(), apex.name(), condition.getReason(), condition.getMessage());
    }
}
