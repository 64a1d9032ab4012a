package dev.aviary.eventlog.codec;

import dev.aviary.events.CanaryKey;
import dev.aviary.events.Percent;
import dev.aviary.events.RolloutId;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Values of any record, by reflection; every optional is there now and then, every list empty now and then. For a
/// person to read, everything is there once, in words from a real release.
final class Examples {
    private static final Map<String, String> WORDS = Map.ofEntries(
            Map.entry("revision", "v1:9f2c61d0a4e87b35"),
            Map.entry("from", "v1:1b7de0c4438a92f6"),
            Map.entry("to", "v1:9f2c61d0a4e87b35"),
            Map.entry("sameAs", "v0:77aa"),
            Map.entry("images", "registry.example/checkout:2.0.1"),
            Map.entry("changed", "container app: image"),
            Map.entry("trackedConfigs-key", "configmap/checkout-config"),
            Map.entry("trackedConfigs", "5d41402abc4b2a76"),
            Map.entry("uid", "4f8ce9a1-5d2b-4c1e-9a55-0f1f6a1a2f10"),
            Map.entry("provider", "gatewayapi:v1"),
            Map.entry("service", "checkout"),
            Map.entry("kind", "Deployment"),
            Map.entry("name", "checkout"),
            Map.entry("namespace", "shop"),
            Map.entry("workload", "checkout-primary"),
            Map.entry("window", "1m"),
            Map.entry("metric", "request-success-rate"),
            Map.entry("metrics-key", "request-success-rate"),
            Map.entry("question", "c0ffee12"),
            Map.entry("query", "sum(rate(index_requests_total[1m]))"),
            Map.entry("promql", "histogram_quantile(0.99, sum by (le) (rate(latency_bucket[1m])))"),
            Map.entry("type", "prometheus"),
            Map.entry("what", "NaN"),
            Map.entry("by", "alice@example.org"),
            Map.entry("why", "p99 looks wrong"),
            Map.entry("reasons", "request-duration is 2010, at most 500 is allowed"),
            Map.entry("reason", "p99: 3 of 3 slower than 500 ms"),
            Map.entry("sentence", "request-success-rate is 99.7, at least 99 is wanted"),
            Map.entry("stuck", "ImagePullBackOff: registry.example/checkout:2.0.1"),
            Map.entry("hook", "acceptance-test"),
            Map.entry("id", "0197c1d0-2f4e-7b1a"),
            Map.entry("object", "Canary shop/checkout"),
            Map.entry("field", "spec.provider"),
            Map.entry("meanwhile", "Traffic stays on the primary."),
            Map.entry("where", "aviary.rollout-events partition 3 offset 41"),
            Map.entry("how", "Say retry: kubectl aviary retry shop/checkout"),
            Map.entry("alert", "eu/shop/checkout/9"),
            Map.entry("headers-key", "x-canary"),
            Map.entry("queryParams-key", "beta"),
            Map.entry("sourceLabels-key", "app"),
            Map.entry("value", "insider"));

    private final Random random;
    private final boolean readable;

    Examples(long seed) {
        this(seed, false);
    }

    private Examples(long seed, boolean readable) {
        this.random = new Random(seed);
        this.readable = readable;
    }

    static Examples toRead() {
        return new Examples(1, true);
    }

    <T> T of(Class<T> type) {
        return type.cast(of((Type) type, "root"));
    }

    private Object of(Type type, String name) {
        if (type instanceof ParameterizedType generic) {
            return container((Class<?>) generic.getRawType(), generic.getActualTypeArguments(), name);
        }
        var plain = (Class<?>) type;
        if (plain == String.class) return readable ? WORDS.getOrDefault(name, name) : name + "-" + random.nextInt(100);
        if (plain == int.class || plain == Integer.class) return random.nextInt(readable ? 10 : 1000);
        if (plain == long.class || plain == Long.class) return random.nextLong(1, readable ? 20 : 1L << 40);
        if (plain == double.class || plain == Double.class) return random.nextInt(10_000) / 100.0;
        if (plain == boolean.class) return random.nextBoolean();
        if (plain == Percent.class)
            return readable ? new Percent(5_00 * random.nextInt(1, 11)) : new Percent(random.nextInt(10_001));
        if (plain == RolloutId.class && readable) return new RolloutId(3, "v1:9f2c61d0a4e87b35");
        if (plain == RolloutId.class) return new RolloutId(random.nextInt(1, 9), "v1:9f2c-" + random.nextInt(10));
        if (plain == CanaryKey.class) return new CanaryKey("eu", "shop", "checkout-" + random.nextInt(10));
        if (plain == Duration.class && readable) return Duration.ofSeconds(60);
        if (plain == Duration.class) return Duration.ofMillis(random.nextInt(10_000_000));
        if (plain == Instant.class && readable) return Instant.parse("2026-01-01T12:10:00Z");
        if (plain == Instant.class) return Instant.ofEpochMilli(1_767_268_800_000L + random.nextInt(100_000_000));
        if (plain.isEnum()) return one(List.of(plain.getEnumConstants()));
        if (plain.isSealed()) return of((Type) one(WireTypes.leaves(plain).toList()), name);
        if (plain.isRecord()) return built(plain);
        throw new IllegalArgumentException("no example for " + type);
    }

    private Object container(Class<?> type, Type[] of, String name) {
        if (readable && of[of.length - 1] instanceof Class<?> choice && choice.isSealed()) {
            return oneOfEach(type, choice, name);
        }
        if (type == Optional.class)
            return !readable && random.nextBoolean() ? Optional.empty() : Optional.of(of(of[0], name));
        if (type == List.class)
            return IntStream.range(0, (readable ? 1 : random.nextInt(3)))
                    .mapToObj(_ -> of(of[0], name))
                    .toList();
        if (type == SortedMap.class || type == Map.class) {
            var map = type == Map.class ? new LinkedHashMap<Object, Object>() : new TreeMap<Object, Object>();
            IntStream.range(0, (readable ? 1 : random.nextInt(3)))
                    .forEach(_ -> map.put(of(of[0], name + "-key"), of(of[1], name)));
            return map;
        }
        throw new IllegalArgumentException("no example for " + type);
    }

    private Object oneOfEach(Class<?> type, Class<?> choice, String name) {
        var each = WireTypes.leaves(choice).map(leaf -> of((Type) leaf, name)).toList();
        if (type == List.class) return each;
        var map = new TreeMap<Object, Object>();
        IntStream.range(0, each.size()).forEach(at -> map.put("metric-" + at, each.get(at)));
        return map;
    }

    private Object built(Class<?> type) {
        try {
            var components = type.getRecordComponents();
            var arguments = Stream.of(components)
                    .map(component -> of(component.getGenericType(), component.getName()))
                    .toArray();
            var constructor = type.getDeclaredConstructor(
                    Stream.of(components).map(RecordComponent::getType).toArray(Class<?>[]::new));
            constructor.setAccessible(true);
            return constructor.newInstance(arguments);
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException("no example for " + type, e);
        }
    }

    private <T> T one(List<T> choices) {
        return choices.get(random.nextInt(choices.size()));
    }
}
