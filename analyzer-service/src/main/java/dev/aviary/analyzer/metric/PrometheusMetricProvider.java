package dev.aviary.analyzer.metric;

import dev.aviary.events.Measurement;
import io.quarkus.rest.client.reactive.QuarkusRestClientBuilder;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.ws.rs.ProcessingException;
import jakarta.ws.rs.client.ClientRequestFilter;
import jakarta.ws.rs.core.HttpHeaders;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// Prometheus, and what speaks its API. A Secret may hold `token`, or `username` and `password`.
@ApplicationScoped
public class PrometheusMetricProvider implements MetricProvider {
    private static final int MOST_CLIENTS = 64;

    private record Key(Backend backend, long timeoutMillis) {}

    /// Least recently used first; a changed secret or address is another client.
    private final Map<Key, PrometheusApi> clients = new LinkedHashMap<>(16, 0.75f, true);

    @Override
    public String type() {
        return "prometheus";
    }

    @Override
    public Measurement measure(MetricQuery query) {
        return ask(
                query,
                (status, body) -> PrometheusAnswer.read(status, body, query.lastOfSeveralWins()),
                Measurement.Refused::new,
                Measurement.Unreachable::new,
                () -> new Measurement.TimedOut(query.timeout().toMillis()));
    }

    @Override
    public RawSamples raw(MetricQuery query) {
        return ask(
                query,
                PrometheusAnswer::raw,
                RawSamples.None::new,
                RawSamples.None::new,
                () -> new RawSamples.None("Prometheus gave no answer in %d ms"
                        .formatted(query.timeout().toMillis())));
    }

    /// @param <A> what is made of the answer
    private <A> A ask(
            MetricQuery query,
            BiFunction<Integer, String, ? extends A> read,
            Function<String, ? extends A> refused,
            Function<String, ? extends A> unreachable,
            Supplier<? extends A> late) {
        var problem = problem(query.backend());
        if (problem.isPresent()) {
            return refused.apply(problem.get());
        }
        try (var answer =
                client(new Key(query.backend(), query.timeout().toMillis())).query(query.text())) {
            return read.apply(answer.getStatus(), answer.readEntity(String.class));
        } catch (ProcessingException | IllegalStateException failed) {
            return causes(failed).anyMatch(PrometheusMetricProvider::isTimeout)
                    ? late.get()
                    : unreachable.apply("%s: %s".formatted(query.backend(), words(failed)));
        }
    }

    private static Optional<String> problem(Backend backend) {
        try {
            var address = URI.create(backend.address());
            boolean fits = address.getHost() != null && List.of("http", "https").contains(address.getScheme());
            return fits
                    ? Optional.empty()
                    : Optional.of("the address '%s' isn't a URL; it begins with http:// or https://"
                            .formatted(backend.address()));
        } catch (IllegalArgumentException notOne) {
            return Optional.of("the address isn't a URL: " + notOne.getMessage());
        }
    }

    private PrometheusApi client(Key key) {
        synchronized (clients) {
            var client = clients.computeIfAbsent(key, PrometheusMetricProvider::build);
            if (clients.size() > MOST_CLIENTS) {
                var eldest = clients.entrySet().iterator().next();
                clients.remove(eldest.getKey());
                eldest.getValue().close();
            }
            return client;
        }
    }

    private static PrometheusApi build(Key key) {
        var backend = key.backend();
        return QuarkusRestClientBuilder.newBuilder()
                .baseUri(URI.create(backend.address()))
                .connectTimeout(key.timeoutMillis(), TimeUnit.MILLISECONDS)
                .readTimeout(key.timeoutMillis(), TimeUnit.MILLISECONDS)
                .followRedirects(true)
                .trustAll(backend.insecureSkipVerify())
                .verifyHost(!backend.insecureSkipVerify())
                .property("microprofile.rest.client.disable.default.mapper", true)
                .register((ClientRequestFilter) request -> {
                    backend.headers()
                            .forEach((name, values) ->
                                    values.forEach(value -> request.getHeaders().add(name, value)));
                    authorization(backend.secret())
                            .ifPresent(word -> request.getHeaders().putSingle(HttpHeaders.AUTHORIZATION, word));
                })
                .build(PrometheusApi.class);
    }

    private static Optional<String> authorization(Map<String, String> secret) {
        var token = Optional.ofNullable(secret.get("token")).map(bearer -> "Bearer " + bearer.strip());
        var user = Optional.ofNullable(secret.get("username"));
        var password = Optional.ofNullable(secret.get("password"));
        return token.or(() -> user.flatMap(name -> password.map(word ->
                "Basic " + Base64.getEncoder().encodeToString((name + ":" + word).getBytes(StandardCharsets.UTF_8)))));
    }

    private static Stream<Throwable> causes(Throwable failed) {
        return Stream.iterate(failed, cause -> cause != null, Throwable::getCause);
    }

    private static boolean isTimeout(Throwable cause) {
        return cause instanceof TimeoutException
                || cause.getClass().getSimpleName().contains("Timeout");
    }

    /// Of the innermost cause that says something.
    private static String words(Throwable failed) {
        return causes(failed)
                .filter(cause -> cause instanceof IOException || cause.getCause() == null)
                .findFirst()
                .map(cause -> Optional.ofNullable(cause.getMessage())
                        .orElseGet(() -> cause.getClass().getSimpleName()))
                .orElse("no connection");
    }

    @PreDestroy
    void close() {
        synchronized (clients) {
            clients.values().forEach(PrometheusApi::close);
            clients.clear();
        }
    }
}
