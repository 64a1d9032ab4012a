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

/// Values of any record, by reflection; every optional is there now and then, every list empty now and then.
final class Examples {
    private final Random random;

    Examples(long seed) {
        random = new Random(seed);
    }

    <T> T of(Class<T> type) {
        return type.cast(of((Type) type, "root"));
    }

    private Object of(Type type, String name) {
        if (type instanceof ParameterizedType generic) {
            return container((Class<?>) generic.getRawType(), generic.getActualTypeArguments(), name);
        }
        var plain = (Class<?>) type;
        if (plain == String.class) return name + "-" + random.nextInt(100);
        if (plain == int.class || plain == Integer.class) return random.nextInt(1000);
        if (plain == long.class || plain == Long.class) return random.nextLong(1L << 40);
        if (plain == double.class || plain == Double.class) return random.nextInt(10_000) / 100.0;
        if (plain == boolean.class) return random.nextBoolean();
        if (plain == Percent.class) return new Percent(random.nextInt(10_001));
        if (plain == RolloutId.class) return new RolloutId(random.nextInt(1, 9), "v1:9f2c-" + random.nextInt(10));
        if (plain == CanaryKey.class) return new CanaryKey("eu", "shop", "checkout-" + random.nextInt(10));
        if (plain == Duration.class) return Duration.ofMillis(random.nextInt(10_000_000));
        if (plain == Instant.class) return Instant.ofEpochMilli(1_767_268_800_000L + random.nextInt(100_000_000));
        if (plain.isEnum()) return one(List.of(plain.getEnumConstants()));
        if (plain.isSealed()) return of((Type) one(WireTypes.leaves(plain).toList()), name);
        if (plain.isRecord()) return built(plain);
        throw new IllegalArgumentException("no example for " + type);
    }

    private Object container(Class<?> type, Type[] of, String name) {
        if (type == Optional.class) return random.nextBoolean() ? Optional.empty() : Optional.of(of(of[0], name));
        if (type == List.class)
            return IntStream.range(0, random.nextInt(3))
                    .mapToObj(_ -> of(of[0], name))
                    .toList();
        if (type == SortedMap.class || type == Map.class) {
            var map = type == Map.class ? new LinkedHashMap<Object, Object>() : new TreeMap<Object, Object>();
            IntStream.range(0, random.nextInt(3)).forEach(_ -> map.put(of(of[0], name + "-key"), of(of[1], name)));
            return map;
        }
        throw new IllegalArgumentException("no example for " + type);
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
