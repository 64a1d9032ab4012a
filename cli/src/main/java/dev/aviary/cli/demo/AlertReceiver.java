package dev.aviary.cli.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import dev.aviary.cli.Problem;
import dev.aviary.eventlog.codec.Json;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;

/// A Slack and a generic webhook that look at what they get.
final class AlertReceiver implements AutoCloseable {
    private final List<JsonNode> slack = new CopyOnWriteArrayList<>();
    private final List<JsonNode> webhook = new CopyOnWriteArrayList<>();
    private final List<String> wrong = new CopyOnWriteArrayList<>();
    private final HttpServer server;

    private AlertReceiver(HttpServer server) {
        this.server = server;
    }

    static AlertReceiver start() {
        try {
            var server = HttpServer.create(new InetSocketAddress(Inet4Address.ofLiteral("127.0.0.1"), 0), 0);
            var receiver = new AlertReceiver(server);
            server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
            receiver.serve("/slack", receiver.slack, "/attachments/0/text");
            receiver.serve("/webhook", receiver.webhook, "/specversion");
            receiver.serve("/events", new CopyOnWriteArrayList<>(), "/metadata/eventMessage");
            server.start();
            return receiver;
        } catch (IOException e) {
            throw new Problem("the alert receiver couldn't listen on 127.0.0.1: " + e.getMessage());
        }
    }

    private void serve(String path, List<JsonNode> into, String mustHave) {
        server.createContext(path, exchange -> {
            try (exchange) {
                var body = Json.mapper().readTree(exchange.getRequestBody());
                if (body.at(mustHave).isMissingNode()) {
                    wrong.add("%s: no %s in %s".formatted(path, mustHave, body));
                } else {
                    into.add(body);
                }
                exchange.sendResponseHeaders(200, -1);
            }
        });
    }

    URI at(String path) {
        return URI.create("http://127.0.0.1:%d%s".formatted(server.getAddress().getPort(), path));
    }

    /// Slack messages in red: a rollout went wrong.
    long slackFailures() {
        return slack.stream()
                .filter(message -> message.at("/attachments/0/color").asText().equals("danger"))
                .count();
    }

    long slackMessages() {
        return slack.size();
    }

    long webhookMessages() {
        return webhook.size();
    }

    List<String> wrong() {
        return List.copyOf(wrong);
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
