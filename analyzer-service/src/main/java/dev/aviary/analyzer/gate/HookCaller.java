package dev.aviary.analyzer.gate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.aviary.analyzer.gate.HookAnswer.Kind;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/// Posts to a webhook and tells its answer. Tries again where Flagger does: on transport errors, 429 and 5xx but 501,
/// with pauses that double from 1 to 30 s.
public final class HookCaller {
    /// Waits; a test only writes down how long.
    public interface Pause {
        void take(Duration time) throws InterruptedException;
    }

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);
    private static final int LONGEST_WORDS = 200;

    private final HttpClient verifying;
    private final HttpClient trusting;
    private final Pause pause;

    public HookCaller(Pause pause) {
        this.pause = pause;
        this.verifying = client().build();
        this.trusting = client().sslContext(anyCertificate()).build();
    }

    /// Blocks for at most `timeout` per try and the pauses between them. Never throws.
    public HookAnswer call(Webhook hook, HookPayload payload) {
        try {
            var answer = once(hook, payload);
            var wait = FIRST_PAUSE;
            for (int retry = 0; retry < hook.retries() && worthARetry(answer); retry++) {
                pause.take(wait);
                wait = wait.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? wait.multipliedBy(2) : LONGEST_PAUSE;
                answer = once(hook, payload);
            }
            return answer;
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            return HookAnswer.failed("the analyzer was stopped while asking");
        }
    }

    private static boolean worthARetry(HookAnswer answer) {
        return answer.status()
                .map(status -> status == 429 || (status >= 500 && status != 501))
                .orElse(answer.kind() == Kind.FAILED);
    }

    private HookAnswer once(Webhook hook, HookPayload payload) throws InterruptedException {
        try {
            var request = HttpRequest.newBuilder(hook.url())
                    .timeout(hook.timeout())
                    .header("Content-Type", "application/json")
                    .POST(BodyPublishers.ofString(JSON.writeValueAsString(payload)))
                    .build();
            var client = hook.anyCertificate() ? trusting : verifying;
            return read(client.send(request, BodyHandlers.ofString()), hook.strict());
        } catch (HttpTimeoutException late) {
            return HookAnswer.failed(
                    "no answer within %d ms".formatted(hook.timeout().toMillis()));
        } catch (ConnectException refused) {
            return HookAnswer.failed("no connection");
        } catch (JsonProcessingException | IllegalArgumentException wrong) {
            return HookAnswer.failed("it can't be asked: its URL or metadata make no request");
        } catch (IOException failed) {
            return HookAnswer.failed(
                    "the connection broke: " + failed.getClass().getSimpleName());
        }
    }

    private static HookAnswer read(HttpResponse<String> answer, boolean strict) {
        int status = answer.statusCode();
        boolean yes = 200 <= status && status <= (strict ? 202 : 299);
        var kind = yes ? Kind.YES : status >= 500 ? Kind.FAILED : Kind.NO;
        return new HookAnswer(
                kind,
                Optional.of(status),
                "%d %s".formatted(status, words(answer.body())).strip());
    }

    private static String words(String body) {
        var line = body.replaceAll("\\s+", " ").strip();
        return line.length() <= LONGEST_WORDS ? line : line.substring(0, LONGEST_WORDS) + "...";
    }

    private static HttpClient.Builder client() {
        return HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(Duration.ofSeconds(10))
                .followRedirects(HttpClient.Redirect.NORMAL);
    }

    private static SSLContext anyCertificate() {
        try {
            var context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new TrustAny()}, new SecureRandom());
            return context;
        } catch (GeneralSecurityException everyJdkHasIt) {
            throw new IllegalStateException(everyJdkHasIt);
        }
    }

    /// The extended kind: of it the JDK doesn't check the host's name either.
    private static final class TrustAny extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
