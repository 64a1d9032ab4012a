package dev.aviary.examples.smschecker;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Multinomial naive Bayes over the words of a message, with Laplace smoothing.
///
/// @see <a href="https://nlp.stanford.edu/IR-book/html/htmledition/naive-bayes-text-classification-1.html">Manning,
///      Raghavan, Schütze: Naive Bayes text classification</a>
final class SpamFilter {
    static final String CLASSIFIER = "naive-bayes";

    // What a number, an amount or a link says is that it is there, not which one it is.
    private static final Pattern TOKEN =
            Pattern.compile("(?<link>(?:https?://|www\\.)\\S+|\\S+\\.(?:com|net|org|info|biz|top|xyz)\\S*)"
                    + "|(?<money>[$€£]\\s?\\d[\\d.,]*|\\d[\\d.,]*\\s?(?:euros?|dollars|pounds|usd|eur)\\b)"
                    + "|(?<long>\\d{4,})|(?<number>\\d+)|(?<word>\\p{L}[\\p{L}']*)");

    private final Map<String, Integer> spamWords = new HashMap<>();
    private final Map<String, Integer> hamWords = new HashMap<>();
    private int spamMessages;
    private int hamMessages;
    private int spamTotal;
    private int hamTotal;
    private final Set<String> vocabulary = new HashSet<>();

    private SpamFilter() {}

    /// Learns the messages that lie beside this class: one a line, `spam` or `ham`, a tab, the text.
    static SpamFilter trained() {
        InputStream messages = Objects.requireNonNull(
                SpamFilter.class.getResourceAsStream("messages.tsv"), "messages.tsv is missing in the jar");
        try (var lines = new BufferedReader(new InputStreamReader(messages, UTF_8))) {
            var filter = new SpamFilter();
            lines.lines().forEach(filter::learn);
            return filter;
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    Prediction predict(String sms) {
        double logOdds = Math.log((double) spamMessages / hamMessages);
        for (String word : (Iterable<String>) words(sms)::iterator) {
            logOdds += Math.log((spamWords.getOrDefault(word, 0) + 1.0) / (spamTotal + vocabulary.size()))
                    - Math.log((hamWords.getOrDefault(word, 0) + 1.0) / (hamTotal + vocabulary.size()));
        }
        return new Prediction(1 / (1 + Math.exp(-logOdds)));
    }

    private void learn(String line) {
        int tab = line.indexOf('\t');
        String text = line.substring(tab + 1);
        words(text).forEach(vocabulary::add);
        switch (line.substring(0, tab)) {
            case "spam" -> {
                spamMessages++;
                words(text).forEach(word -> spamWords.merge(word, 1, Integer::sum));
                spamTotal = total(spamWords);
            }
            case "ham" -> {
                hamMessages++;
                words(text).forEach(word -> hamWords.merge(word, 1, Integer::sum));
                hamTotal = total(hamWords);
            }
            default -> throw new IllegalStateException("messages.tsv: neither spam nor ham: " + line);
        }
    }

    private static int total(Map<String, Integer> words) {
        return words.values().stream().mapToInt(Integer::intValue).sum();
    }

    private static Stream<String> words(String sms) {
        return TOKEN.matcher(sms.toLowerCase(Locale.ROOT)).results().map(found -> {
            if (found.group("link") != null) {
                return "#link";
            }
            if (found.group("money") != null) {
                return "#money";
            }
            if (found.group("long") != null) {
                return "#longnumber";
            }
            return found.group("number") != null ? "#number" : found.group("word");
        });
    }

    /// @param spamProbability between 0 and 1
    record Prediction(double spamProbability) {
        boolean isSpam() {
            return spamProbability >= 0.5;
        }

        String result() {
            return isSpam() ? "spam" : "ham";
        }
    }
}
