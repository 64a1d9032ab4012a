package dev.aviary.examples.smschecker;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.sun.net.httpserver.HttpExchange;
import dev.aviary.examples.smschecker.SpamFilter.Prediction;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URLDecoder;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A message to be checked, however it came: as the body itself, as a form, as JSON or in the query.
sealed interface SmsRequest {
    int MOST_BYTES = 64 * 1024;
    JsonFactory JSON = new JsonFactory();

    record Sms(String text) implements SmsRequest {}

    record Refused(int status, String why) implements SmsRequest {}

    static SmsRequest read(HttpExchange exchange) throws IOException {
        return switch (exchange.getRequestMethod()) {
            case "GET", "HEAD" -> found(field(exchange.getRequestURI().getRawQuery()), "the query has no sms=");
            case "POST" -> {
                byte[] body = exchange.getRequestBody().readNBytes(MOST_BYTES + 1);
                yield body.length > MOST_BYTES
                        ? new Refused(413, "A message has at most " + MOST_BYTES + " bytes.")
                        : posted(type(exchange), new String(body, UTF_8));
            }
            default -> new Refused(405, "GET or POST a message.");
        };
    }

    private static String type(HttpExchange exchange) {
        String header = Objects.requireNonNullElse(exchange.getRequestHeaders().getFirst("Content-Type"), "");
        return header.split(";", 2)[0].strip();
    }

    private static SmsRequest posted(String type, String body) {
        return switch (type) {
            case "application/json" -> json(body);
            case "application/x-www-form-urlencoded" -> found(field(body), "the form has no field sms");
            default -> found(Optional.of(body), "the body is empty");
        };
    }

    private static SmsRequest json(String body) {
        try (var parser = JSON.createParser(body)) {
            Optional<String> sms = Optional.empty();
            if (parser.nextToken() == JsonToken.START_OBJECT) {
                for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
                    if (parser.nextToken() == JsonToken.VALUE_STRING && name.equals("sms")) {
                        sms = Optional.of(parser.getText());
                    }
                    parser.skipChildren();
                }
            }
            return found(sms, "the JSON is no object with a string \"sms\"");
        } catch (JsonProcessingException broken) {
            return new Refused(400, "No message: the body is no JSON: " + broken.getOriginalMessage());
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible); // it is in memory
        }
    }

    private static Optional<String> field(@Nullable String encoded) {
        return Stream.of(Objects.requireNonNullElse(encoded, "").split("&"))
                .filter(pair -> pair.startsWith("sms="))
                .findFirst()
                .map(pair -> URLDecoder.decode(pair.substring("sms=".length()), UTF_8));
    }

    private static SmsRequest found(Optional<String> text, String missing) {
        return text.filter(sms -> !sms.isBlank())
                .<SmsRequest>map(Sms::new)
                .orElseGet(() -> new Refused(400, "No message: " + missing + "."));
    }

    static String json(Prediction prediction) {
        var text = new StringWriter();
        try (var json = JSON.createGenerator(text)) {
            json.writeStartObject();
            json.writeStringField("result", prediction.result());
            json.writeNumberField("probability", prediction.spamProbability());
            json.writeStringField("classifier", SpamFilter.CLASSIFIER);
            json.writeEndObject();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible); // it is in memory
        }
        return text + "\n";
    }
}
