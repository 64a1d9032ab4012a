package dev.aviary.cli;

import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// What `./aviary` built: where it stands.
public final class Programs {
    private Programs() {}

    public static Path dist() {
        return Path.of(System.getProperty("aviary.home"));
    }

    public static Path source() {
        return Path.of(System.getProperty("aviary.source"));
    }

    /// The playground's program, as build.sh named it last.
    public static Path playground() {
        try {
            var build = new ProcessBuilder(
                            "bash",
                            source().resolve("playground/build.sh").toString(),
                            System.getProperty("aviary.cache"))
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            build.getOutputStream().close();
            var lines = new String(build.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            return lines.lines()
                    .filter(line -> line.startsWith("playground="))
                    .map(line -> Path.of(line.substring("playground=".length())))
                    .findFirst()
                    .orElseThrow(() -> new Problem("the playground could not be built; the lines above say why."));
        } catch (IOException e) {
            throw new Problem("playground/build.sh couldn't be run: " + e.getMessage());
        }
    }

    /// The image `sms-checker`, of which every tag is the same program: what differs is set by its environment.
    public static void writeImages(Path folder) throws IOException {
        var app = dist().resolve("sms-checker");
        var image = Map.of(
                "name",
                "sms-checker",
                "tags",
                List.of("v1", "v2", "v2-slow", "v2-good", "v2-broken", "v2-no-traffic", "v2-unseen", "latest"),
                "command",
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Xshare:auto",
                        "-Xmx64m",
                        "-cp",
                        app.resolve("classes") + ":" + app.resolve("lib") + "/*",
                        "dev.aviary.examples.smschecker.SmsChecker"));
        Files.writeString(folder.resolve("sms-checker.json"), Serialization.asJson(image));
    }
}
