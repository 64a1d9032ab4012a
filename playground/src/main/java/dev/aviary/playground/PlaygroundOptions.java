package dev.aviary.playground;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What a playground is started with.
///
/// @param minimal        etcd and API server only: no pods run, and Services lead nowhere
/// @param controllers    with `minimal`: kube-controller-manager too (ReplicaSets, garbage collection, ServiceAccounts)
/// @param dir            its folder, with which it goes on after a restart; empty: a temporary one, removed at the end
/// @param crds           files or folders of objects that are applied before it is ready
/// @param images         folder with one JSON file per image repository
/// @param scrapeInterval of Prometheus, from one second
/// @param restartBackoff first pause before a crashed container is started again; it doubles
/// @param cluster        `built-in`, or `envtest` for the binaries in `KUBEBUILDER_ASSETS`
public record PlaygroundOptions(
        boolean minimal,
        boolean controllers,
        Optional<Path> dir,
        List<Path> crds,
        Optional<Path> images,
        Duration scrapeInterval,
        Duration restartBackoff,
        String cluster) {

    public PlaygroundOptions {
        crds = List.copyOf(crds);
    }

    /// Everything: node, gateway, Prometheus.
    public static PlaygroundOptions full() {
        return new PlaygroundOptions(
                false,
                false,
                Optional.empty(),
                List.of(),
                Optional.empty(),
                Duration.ofSeconds(5),
                Duration.ofSeconds(10),
                "built-in");
    }

    /// etcd and API server, up in a few seconds.
    public static PlaygroundOptions apiServer() {
        return full().withMinimal(true);
    }

    public PlaygroundOptions withMinimal(boolean wanted) {
        return new PlaygroundOptions(wanted, controllers, dir, crds, images, scrapeInterval, restartBackoff, cluster);
    }

    public PlaygroundOptions withControllers() {
        return new PlaygroundOptions(minimal, true, dir, crds, images, scrapeInterval, restartBackoff, cluster);
    }

    public PlaygroundOptions withDir(Path wanted) {
        return new PlaygroundOptions(
                minimal, controllers, Optional.of(wanted), crds, images, scrapeInterval, restartBackoff, cluster);
    }

    /// Adds a file or folder, such as `k8s/crds`.
    public PlaygroundOptions withCrds(Path more) {
        var all = new ArrayList<>(crds);
        all.add(more);
        return new PlaygroundOptions(minimal, controllers, dir, all, images, scrapeInterval, restartBackoff, cluster);
    }

    public PlaygroundOptions withImages(Path wanted) {
        return new PlaygroundOptions(
                minimal, controllers, dir, crds, Optional.of(wanted), scrapeInterval, restartBackoff, cluster);
    }

    public PlaygroundOptions withScrapeInterval(Duration wanted) {
        return new PlaygroundOptions(minimal, controllers, dir, crds, images, wanted, restartBackoff, cluster);
    }

    public PlaygroundOptions withRestartBackoff(Duration wanted) {
        return new PlaygroundOptions(minimal, controllers, dir, crds, images, scrapeInterval, wanted, cluster);
    }

    public PlaygroundOptions withCluster(String wanted) {
        return new PlaygroundOptions(minimal, controllers, dir, crds, images, scrapeInterval, restartBackoff, wanted);
    }

    List<String> arguments(Path folder) {
        var arguments = new ArrayList<>(List.of("up", "--dir", folder.toString(), "--cluster", cluster));
        arguments.addAll(List.of("--scrape", seconds(scrapeInterval), "--restart-backoff", seconds(restartBackoff)));
        if (minimal) {
            arguments.add("--minimal");
        }
        if (controllers) {
            arguments.add("--controllers");
        }
        images.ifPresent(path ->
                arguments.addAll(List.of("--images", path.toAbsolutePath().toString())));
        crds.forEach(
                path -> arguments.addAll(List.of("--crds", path.toAbsolutePath().toString())));
        return arguments;
    }

    private static String seconds(Duration duration) {
        return duration.toMillis() + "ms";
    }
}
