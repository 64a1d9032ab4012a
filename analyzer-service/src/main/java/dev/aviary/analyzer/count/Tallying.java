package dev.aviary.analyzer.count;

import static java.util.stream.Collectors.toSet;

import dev.aviary.analyzer.live.LivePods.LivePod;
import dev.aviary.analyzer.promql.Countable;
import dev.aviary.analyzer.promql.Countable.Above;
import dev.aviary.analyzer.promql.Countable.Ratio;
import dev.aviary.analyzer.promql.Countable.ThresholdOnly;
import dev.aviary.analyzer.promql.Matcher;
import dev.aviary.analyzer.promql.Selector;
import dev.aviary.events.Count.Side;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// How one metric's requests are told from the growth of a pod's counters.
final class Tallying {
    static final Set<String> POD = Set.of("pod", "pod_name", "kubernetes_pod_name");
    private static final Set<String> NAMESPACE = Set.of("namespace", "kubernetes_namespace");

    /// That Prometheus adds from what it scrapes, and that no pod can be held against.
    private static final Set<String> UNKNOWN =
            Set.of("job", "instance", "service", "endpoint", "container", "node", "kubernetes_node", "prometheus");

    static final Set<String> ADDED =
            Stream.of(POD, NAMESPACE, UNKNOWN).flatMap(Set::stream).collect(toSet());

    /// One pod's requests; the parts of a histogram are read one after the other, so failures are kept as a sum.
    ///
    /// @param edge of the bucket that stands for the bound
    record Parts(long good, long total, OptionalDouble edge) {
        static final Parts NONE = new Parts(0, 0, OptionalDouble.empty());
    }

    private final Countable countable;
    private final String namespace;
    private final String target;
    private final Map<Side, Chosen> all;
    private final Map<Side, Chosen> part;

    /// @param countable what a request is, and which fail
    /// @param target    of the canary; its name stands for the primary's on the primary's side
    /// @param added     labels that the source doesn't know
    private Tallying(Countable countable, String namespace, String target, Set<String> added) {
        this.countable = countable;
        this.namespace = namespace;
        this.target = target;
        this.all = all().map(selector -> chosen(selector, added)).orElse(Map.of());
        this.part = countable instanceof Ratio ratio ? chosen(ratio.part(), added) : Map.of();
    }

    private Map<Side, Chosen> chosen(Selector selector, Set<String> added) {
        return Map.of(
                Side.CANARY, new Chosen(on(Side.CANARY, selector), added),
                Side.PRIMARY, new Chosen(on(Side.PRIMARY, selector), added));
    }

    Countable countable() {
        return countable;
    }

    static Tallying of(Countable countable, String namespace, String target) {
        return new Tallying(checked(countable), namespace, target, ADDED);
    }

    /// Of what Prometheus has, with all its labels.
    static Tallying stored(Countable countable, String namespace, String target) {
        return new Tallying(countable, namespace, target, Set.of());
    }

    /// All its requests.
    Optional<Selector> all() {
        return switch (countable) {
            case Ratio ratio -> Optional.of(ratio.total());
            case Above above -> Optional.of(above.buckets());
            case ThresholdOnly _ -> Optional.empty();
        };
    }

    private static Countable checked(Countable countable) {
        var selectors = switch (countable) {
            case Ratio ratio -> List.of(ratio.part(), ratio.total());
            case Above above -> List.of(above.buckets());
            case ThresholdOnly _ -> List.<Selector>of();
        };
        var foreign = selectors.stream()
                .flatMap(selector -> selector.matchers().stream())
                .map(Matcher::label)
                .filter(UNKNOWN::contains)
                .findFirst();
        if (foreign.isPresent()) {
            return new ThresholdOnly(
                    "its label '%s' is Prometheus' own and can't be found at a pod".formatted(foreign.get()));
        }
        if (countable instanceof Ratio ratio && own(ratio.part()).equals(own(ratio.total()))) {
            return new ThresholdOnly("its two sums differ in labels that only Prometheus adds");
        }
        return countable;
    }

    private static Set<Matcher> own(Selector selector) {
        return selector.matchers().stream()
                .filter(matcher -> !ADDED.contains(matcher.label()))
                .collect(toSet());
    }

    /// Of the samples that it needs.
    Stream<String> names() {
        return all().stream().map(Selector::metric);
    }

    /// Of the histogram that shows how long requests take; empty for other counters, and where its unit isn't known.
    Optional<Latency> latency() {
        return countable instanceof Above above
                ? millis(above.buckets().metric()).map(unit -> new Latency(above.buckets(), unit))
                : Optional.empty();
    }

    /// @param unit milliseconds in one of the histogram's
    record Latency(Selector buckets, double unit) {}

    private static Optional<Double> millis(String histogram) {
        if (histogram.endsWith("_seconds_bucket")) {
            return Optional.of(1000.0);
        }
        return histogram.endsWith("_milliseconds_bucket") || histogram.endsWith("_rq_time_bucket")
                ? Optional.of(1.0)
                : Optional.empty();
    }

    /// The query asks for this pod's series; of a primary's pod nobody asks.
    boolean asksFor(LivePod pod) {
        return all().stream()
                .flatMap(one -> one.matchers().stream())
                .allMatch(matcher -> (!POD.contains(matcher.label()) || matcher.matches(pod.name()))
                        && (!NAMESPACE.contains(matcher.label()) || matcher.matches(namespace)));
    }

    /// Whether its requests can be told apart at a pod at all.
    ///
    /// @param shown series of a pod of the canary
    /// @return why not; empty too while the pod shows nothing of it, as before its first request
    Optional<String> unfit(Set<Series> shown) {
        return switch (countable) {
            case Ratio ratio -> unfit(ratio.total(), shown).or(() -> unfit(ratio.part(), shown));
            case Above above -> unfit(above.buckets(), shown).or(() -> tooShort(above, shown));
            case ThresholdOnly _ -> Optional.empty();
        };
    }

    private static Optional<String> unfit(Selector selector, Set<Series> shown) {
        var series = shown.stream()
                .filter(one -> one.name().equals(selector.metric()))
                .toList();
        return selector.matchers().stream()
                .filter(matcher -> !ADDED.contains(matcher.label()) && !matcher.matches("")) // a missing label is empty
                .map(Matcher::label)
                .filter(label -> !series.isEmpty()
                        && series.stream().noneMatch(one -> one.labels().containsKey(label)))
                .findFirst()
                .map(label -> "its query asks for the label '%s', which %s doesn't have at the pods"
                        .formatted(label, selector.metric()));
    }

    private Optional<String> tooShort(Above above, Set<Series> shown) {
        var buckets = chosen(all, Side.CANARY);
        var longest = shown.stream()
                .filter(buckets::takes)
                .mapToDouble(Series::edge)
                .filter(edge -> edge < Double.POSITIVE_INFINITY)
                .max();
        return longest.stream()
                .filter(edge -> edge < above.bound() * (1 - 1e-12))
                .mapToObj(edge -> "its histogram ends at %s, below the bound of %s"
                        .formatted(inUnit(above, edge), inUnit(above, above.bound())))
                .findFirst();
    }

    Parts parts(Map<Series, Long> grown, Side side) {
        return switch (countable) {
            case Ratio ratio -> ratio(ratio, grown, side);
            case Above above -> above(above, grown, side);
            case ThresholdOnly _ -> new Parts(0, 0, OptionalDouble.empty());
        };
    }

    private static Chosen chosen(Map<Side, Chosen> of, Side side) {
        return Objects.requireNonNull(of.get(side));
    }

    private Parts ratio(Ratio ratio, Map<Series, Long> grown, Side side) {
        var inTotal = chosen(all, side);
        var inPart = chosen(part, side);
        long total = 0;
        long some = 0;
        for (var entry : grown.entrySet()) {
            if (inTotal.takes(entry.getKey())) {
                total += entry.getValue();
                some += inPart.takes(entry.getKey()) ? entry.getValue() : 0;
            }
        }
        return new Parts(ratio.good() ? some : total - some, total, OptionalDouble.empty());
    }

    private Parts above(Above above, Map<Series, Long> grown, Side side) {
        var buckets = chosen(all, side);
        double bound = above.bound() * (1 - 1e-12); // 500 / 1000 and the like
        double edge = Double.POSITIVE_INFINITY;
        long good = 0;
        long total = 0;
        for (var entry : grown.entrySet()) {
            double le = entry.getKey().edge();
            if (le >= bound && buckets.takes(entry.getKey())) {
                if (le == Double.POSITIVE_INFINITY) {
                    total += entry.getValue();
                } else if (le < edge) {
                    edge = le;
                    good = entry.getValue();
                } else if (le == edge) {
                    good += entry.getValue();
                }
            }
        }
        return edge == Double.POSITIVE_INFINITY
                ? new Parts(0, 0, OptionalDouble.empty())
                : new Parts(good, total, OptionalDouble.of(edge));
    }

    Selector on(Side side, Selector selector) {
        return side == Side.CANARY
                ? selector
                : new Selector(
                        selector.metric(),
                        selector.matchers().stream()
                                .map(matcher -> new Matcher(matcher.label(), matcher.operator(), ofPrimary(matcher)))
                                .toList());
    }

    private String ofPrimary(Matcher matcher) {
        var behind = POD.contains(matcher.label()) ? "(?=-)(?!-primary-)" : "(?![\\w-])";
        return matcher.value().replaceAll("(?<![\\w-])" + Pattern.quote(target) + behind, target + "-primary");
    }

    /// A canary's query may ask for the primary's pods too, as `checkout-.*` does.
    boolean isOfPrimary(String pod) {
        return pod.startsWith(target + "-primary-");
    }

    double allowed() {
        return switch (countable) {
            case Ratio ratio -> ratio.allowed();
            case Above above -> above.allowed();
            case ThresholdOnly _ -> 0;
        };
    }

    /// Completes "23 of 41 requests …".
    String what(OptionalDouble edge) {
        return countable instanceof Above above
                ? "took longer than " + inUnit(above, edge.orElse(above.bound()))
                : "failed";
    }

    Optional<String> note(OptionalDouble edge) {
        return countable instanceof Above above && edge.isPresent() && edge.getAsDouble() > above.bound() * (1 + 1e-12)
                ? Optional.of("no bucket has its edge at the bound of %s: the next one is taken"
                        .formatted(inUnit(above, above.bound())))
                : Optional.empty();
    }

    private static String inUnit(Above above, double bound) {
        return millis(above.buckets().metric())
                .map(unit -> plain(bound * unit) + " ms")
                .orElseGet(() -> plain(bound));
    }

    private static String plain(double number) {
        return new BigDecimal(number, new MathContext(6)).stripTrailingZeros().toPlainString();
    }
}
