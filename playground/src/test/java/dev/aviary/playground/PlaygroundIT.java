package dev.aviary.playground;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class PlaygroundIT {
    private static Playground playground;

    @BeforeAll
    static void up() {
        playground = Playground.start(PlaygroundOptions.full()
                .withScrapeInterval(Duration.ofSeconds(1))
                .withRestartBackoff(Duration.ofSeconds(1)));
    }

    @AfterAll
    static void down() {
        playground.close();
    }

    @Test
    void aDeploymentBecomesReadyAndAnswersUnderItsServicesNameAndAddress() throws Exception {
        playground.apply(web("shop", "checkout"));

        playground.kubectl("-n", "shop", "rollout", "status", "deployment/checkout", "--timeout=120s");

        var address =
                playground.kubectl("-n", "shop", "get", "service", "checkout", "-o", "jsonpath={.spec.clusterIP}");
        assertThat(address).startsWith("127.");
        assertThat(get("http://" + address + ":8000/metrics")).contains("answers 42");
        assertThat(playground.hostsFile()).content().contains(address + " checkout.shop.svc.cluster.local");
        assertThat(playground.kubectl("-n", "shop", "logs", "deployment/checkout"))
                .contains("hello from checkout-");
    }

    @Test
    void prometheusFindsAPodThatAsksForIt() {
        playground.apply(web("metered", "checkout"));

        var query =
                playground.prometheusUrl() + "/api/v1/query?query=answers%7Bkubernetes_namespace%3D%22metered%22%7D";

        eventually("the pod's metric is in Prometheus", () -> get(query).contains("\"42\""));
        assertThat(get(query)).contains("\"kubernetes_pod_name\":\"checkout-", "\"app\":\"checkout\"");
    }

    @Test
    void aCrashingContainerAndAWrongCommandAreStartedAgainWithBackoff() {
        playground.apply(pod("crashes", "restartPolicy: Always", "command: [sh, -c, 'echo last words; exit 3']"));
        playground.apply(pod("wrong", "restartPolicy: Always", "command: [no-such-program]"));

        for (var name : new String[] {"crashes", "wrong"}) {
            await(name, "{.status.containerStatuses[0].state.waiting.reason}=CrashLoopBackOff");
        }
        await("crashes", "{.status.containerStatuses[0].restartCount}=2");

        assertThat(status("crashes", "{.lastState.terminated.exitCode} {.ready}"))
                .isEqualTo("3 false");
        assertThat(status("wrong", "{.lastState.terminated.reason} {.lastState.terminated.message}"))
                .contains("StartError", "executable file not found");
        assertThat(playground.kubectl("logs", "crashes", "--previous")).isEqualTo("last words\n");
    }

    @Test
    void anUnknownImageIsSaidWithTheKnownOnes() {
        playground.apply(pod("unknown", "image: registry.example/app:v9"));

        await("unknown", "{.status.containerStatuses[0].state.waiting.reason}=ImagePullBackOff");

        assertThat(status("unknown", "{.state.waiting.message}")).contains("registry.example/app:v9", "known: host");
        assertThat(playground.kubectl("get", "pod", "unknown", "-o", "jsonpath={.status.phase}"))
                .isEqualTo("Pending");
    }

    @Test
    void anImageIsADescriptionInTheImagesFolder() throws IOException {
        Files.writeString(playground.images().resolve("greeter.json"), """
                {"name": "greeter", "tags": ["v1"], "command": ["sh", "-c", "echo $GREETING from ${IMAGES}"],
                 "env": {"GREETING": "hello"}}
                """);

        playground.apply(pod("greets", "image: team/greeter:v1", "restartPolicy: Never"));

        await("greets", "{.status.phase}=Succeeded");
        assertThat(playground.kubectl("logs", "greets")).isEqualTo("hello from " + playground.images() + "\n");
    }

    @Test
    void aJobRunsToItsEndWithVariablesAndFilesFromConfigMapsAndSecrets() {
        playground.apply("""
                {apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, data: {color: blue, script.sh: "echo script"}}
                ---
                {apiVersion: v1, kind: Secret, metadata: {name: keys}, stringData: {PASSWORD: sesame}}
                ---
                apiVersion: batch/v1
                kind: Job
                metadata: {name: report}
                spec:
                  template:
                    spec:
                      restartPolicy: Never
                      volumes: [{name: files, configMap: {name: settings}}]
                      containers:
                      - name: main
                        image: host
                        command: [sh, -c, 'echo $COLOR $PASSWORD $WHERE $BOTH; sh /etc/files/script.sh']
                        volumeMounts: [{name: files, mountPath: /etc/files}]
                        envFrom: [{secretRef: {name: keys}}]
                        env:
                        - {name: COLOR, valueFrom: {configMapKeyRef: {name: settings, key: color}}}
                        - {name: WHERE, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}
                        - {name: BOTH, value: $(COLOR)-$(WHERE)}
                """);

        playground.kubectl("wait", "job/report", "--for=condition=Complete", "--timeout=120s");

        assertThat(playground.kubectl("logs", "job/report")).isEqualTo("blue sesame default blue-default\nscript\n");
    }

    @Test
    void aContainerThatIsNotAliveIsStartedAgainAndOneThatIsNotReadyIsNot() {
        playground.apply(pod(
                "unhealthy",
                "command: [sleep, '600']",
                "livenessProbe: {httpGet: {port: 9, path: /}, periodSeconds: 1, failureThreshold: 2}",
                "terminationGracePeriodSeconds: 1"));
        playground.apply(pod(
                "unready",
                "command: [sleep, '600']",
                "readinessProbe: {httpGet: {port: 9, path: /}, periodSeconds: 1}"));

        await("unhealthy", "{.status.containerStatuses[0].restartCount}=1");
        await("unready", "{.status.conditions[?(@.type==\"Ready\")].reason}=ContainersNotReady");

        assertThat(status("unready", "{.restartCount} {.ready}")).isEqualTo("0 false");
    }

    @Test
    void aDeletedPodsProcessesEndTheDetachedOnesToo() {
        playground.apply(pod("leaves", "command: [sh, -c, 'setsid sleep 31337 & sleep 31338']"));
        await("leaves", "{.status.phase}=Running");
        eventually("both run", () -> running("sleep 3133") >= 2);

        playground.kubectl("delete", "pod", "leaves", "--grace-period=1", "--timeout=20s");

        assertThat(running("sleep 3133")).isZero();
    }

    @Test
    void nothingOutlivesASupervisorThatIsKilledAndItsFolderCanBeUsedAgain() throws Exception {
        var dir = Files.createTempDirectory("playground-killed");
        var options = PlaygroundOptions.full().withDir(dir);
        var killed = Playground.start(options);
        killed.apply(pod("goes-on", "command: [sh, -c, 'setsid sleep 41337 & sleep 41338']"));
        killed.kubectl("wait", "pod/goes-on", "--for=condition=Ready", "--timeout=20s");
        var supervisor =
                Long.parseLong(Files.readString(dir.resolve("supervisor.pid")).strip());

        ProcessHandle.of(supervisor).orElseThrow().destroyForcibly();

        eventually("no process of it is left", () -> running(dir.toString()) + running("sleep 4133") == 0);
        try (var again = Playground.start(options)) {
            again.kubectl(
                    "wait",
                    "pod/goes-on",
                    "--for=jsonpath={.status.containerStatuses[0].restartCount}=1",
                    "--timeout=20s");
        }
        assertThat(running("sleep 4133")).isZero();
    }

    @Test
    void anApiServerThatIsKilledComesBack() {
        var before = playground.pid("kube-apiserver");

        ProcessHandle.of(before).orElseThrow().destroyForcibly();

        eventually("another process answers", () -> playground.pid("kube-apiserver") != before && answers());
    }

    private static boolean answers() {
        try {
            return playground.kubectl("get", "--raw", "/readyz").equals("ok");
        } catch (IllegalStateException _) {
            return false; // not yet
        }
    }

    private static String web(String namespace, String name) {
        return """
                {apiVersion: v1, kind: Namespace, metadata: {name: %1$s}}
                ---
                {apiVersion: v1, kind: Service, metadata: {name: %2$s, namespace: %1$s},
                 spec: {selector: {app: %2$s}, ports: [{port: 8000, targetPort: http}]}}
                ---
                apiVersion: apps/v1
                kind: Deployment
                metadata: {name: %2$s, namespace: %1$s}
                spec:
                  selector: {matchLabels: {app: %2$s}}
                  template:
                    metadata:
                      labels: {app: %2$s}
                      annotations: {prometheus.io/scrape: "true", prometheus.io/port: "8080"}
                    spec:
                      containers:
                      - name: main
                        image: host
                        command: [sh, -c]
                        args: ['echo hello from $HOSTNAME; echo answers 42 > metrics; exec python3 -m http.server --bind $POD_IP 8080']
                        ports: [{name: http, containerPort: 8080}]
                        readinessProbe: {httpGet: {path: /metrics, port: http}, periodSeconds: 1}
                """.formatted(namespace, name);
    }

    /// @param fields of the container or of the pod's spec, as YAML in one line
    private static String pod(String name, String... fields) {
        var ofPod = new StringBuilder();
        var ofContainer = new StringBuilder();
        var image = "image: host";
        for (var field : fields) {
            if (field.startsWith("restartPolicy") || field.startsWith("terminationGracePeriodSeconds")) {
                ofPod.append("  ").append(field).append('\n');
            } else if (field.startsWith("image")) {
                image = field;
            } else {
                ofContainer.append("    ").append(field).append('\n');
            }
        }
        return "apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\nspec:\n%s  containers:\n  - name: main\n    %s\n%s"
                .formatted(name, ofPod, image, ofContainer);
    }

    private static void await(String pod, String jsonPathAndValue) {
        playground.kubectl("wait", "pod/" + pod, "--for=jsonpath=" + jsonPathAndValue, "--timeout=120s");
    }

    private static String status(String pod, String jsonPath) {
        var inside = jsonPath.replace("{.", "{.status.containerStatuses[0].");
        return playground.kubectl("get", "pod", pod, "-o", "jsonpath=" + inside);
    }

    private static String get(String url) {
        try (var client = HttpClient.newHttpClient()) {
            return client.send(HttpRequest.newBuilder(URI.create(url)).build(), BodyHandlers.ofString())
                    .body();
        } catch (IOException e) {
            return "no answer: " + e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /// Of all processes on this machine, those with the text in their command line.
    private static long running(String text) {
        return ProcessHandle.allProcesses()
                .filter(process -> commandLine(process).contains(text))
                .count();
    }

    private static String commandLine(ProcessHandle process) {
        try {
            return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"))
                    .replace('\0', ' ');
        } catch (IOException _) {
            return ""; // it has ended meanwhile
        }
    }

    static void eventually(String what, BooleanSupplier condition) {
        var deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("within 2 min: " + what).isLessThan(deadline);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
        }
    }
}
