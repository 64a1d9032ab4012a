package dev.aviary.systemtests;

import dev.aviary.cli.pipeline.ServiceProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// The rows of `docs/reference/metrics.md`.
final class MetricReference {
    private static final Pattern ROW =
            Pattern.compile("^\\| `((?:flagger|aviary)_[a-z_]+)(?:\\{([a-z_, ]+)\\})?` \\|", Pattern.MULTILINE);

    private static final Pattern SERIES =
            Pattern.compile("^((?:flagger|aviary)_[a-z_]+)(?:\\{([^}]*)\\})? ", Pattern.MULTILINE);
    private static final Pattern LABEL = Pattern.compile("([a-z_]+)=\"");

    private MetricReference() {}

    /// What these services say of it at `/q/metrics`; a histogram's or summary's parts are one.
    static SortedMap<String, SortedSet<String>> exposed(List<ServiceProcess> services) {
        var known = read().keySet();
        var exposed = new TreeMap<String, SortedSet<String>>();
        for (var service : services) {
            SERIES.matcher(page(service)).results().forEach(series -> {
                var whole = series.group(1).replaceAll("_(bucket|count|sum|max)$", "");
                var labels =
                        exposed.computeIfAbsent(known.contains(whole) ? whole : series.group(1), _ -> new TreeSet<>());
                if (series.group(2) != null) {
                    LABEL.matcher(series.group(2)).results().forEach(label -> labels.add(label.group(1)));
                }
                labels.remove("le");
            });
        }
        return exposed;
    }

    private static String page(ServiceProcess service) {
        var metrics = URI.create("http://127.0.0.1:%d/q/metrics".formatted(service.port()));
        try (var http = HttpClient.newHttpClient()) {
            return http.send(HttpRequest.newBuilder(metrics).build(), BodyHandlers.ofString())
                    .body();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /// Labels by name.
    static SortedMap<String, SortedSet<String>> read() {
        try {
            var rows = new TreeMap<String, SortedSet<String>>();
            ROW.matcher(Files.readString(Repository.ROOT.resolve("docs/reference/metrics.md")))
                    .results()
                    .forEach(row -> rows.put(
                            row.group(1),
                            row.group(2) == null
                                    ? new TreeSet<>()
                                    : new TreeSet<>(Arrays.asList(row.group(2).split(", *")))));
            return rows;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
