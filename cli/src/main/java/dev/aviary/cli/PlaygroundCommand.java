package dev.aviary.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

@Command(
        name = "playground",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "A Kubernetes cluster on this machine, without containers and without root.")
final class PlaygroundCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    CommandSpec spec;

    @Option(
            names = "--dir",
            defaultValue = "${sys:user.home}/.aviary-playground",
            scope = ScopeType.INHERIT,
            description = "Its folder. Default: ${DEFAULT-VALUE}")
    Path dir = Path.of("");

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Missing: up or down.");
    }

    @Command(name = "up", description = "Starts it and prints its KUBECONFIG; ctrl-C or `playground down` ends it.")
    int up(
            @Option(names = "--cluster", defaultValue = "built-in", description = "built-in or envtest") String cluster,
            @Option(names = "--scrape", defaultValue = "5s", description = "Prometheus' scrape interval") String scrape,
            @Option(names = "--gateway-port", defaultValue = "8080") int gatewayPort,
            @Option(names = "--prometheus-port", defaultValue = "9090") int prometheusPort)
            throws IOException, InterruptedException {
        var command = new ArrayList<String>(List.of(
                Programs.playground().toString(),
                "up",
                "--dir",
                dir.toString(),
                "--cluster",
                cluster,
                "--scrape",
                scrape,
                "--gateway-port",
                Integer.toString(gatewayPort),
                "--prometheus-port",
                Integer.toString(prometheusPort)));
        Programs.writeImages(Files.createDirectories(dir.resolve("images")));
        System.out.println("starting; other shells then need: export KUBECONFIG=" + dir.resolve("kubeconfig"));
        var process = new ProcessBuilder(command).inheritIO().start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroy));
        return process.waitFor();
    }

    @Command(name = "down", description = "Ends it.")
    int down() throws IOException {
        var pid = dir.resolve("supervisor.pid");
        var running = Files.exists(pid)
                ? ProcessHandle.of(Long.parseLong(Files.readString(pid).strip()))
                        .filter(process -> process.info().command().orElse("").contains("playground"))
                : java.util.Optional.<ProcessHandle>empty();
        if (running.isEmpty()) {
            System.out.println("no playground runs in " + dir);
            return 0;
        }
        running.get().destroy();
        try {
            running.get().onExit().get(30, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
            throw new Problem("the playground in %s didn't end within 30 s (process %d)."
                    .formatted(dir, running.get().pid()));
        }
        System.out.println("ended; its data stays in " + dir);
        return 0;
    }
}
