package dev.aviary.examples.smschecker;

import dev.aviary.examples.smschecker.SpamFilter.Prediction;
import java.util.Locale;
import java.util.Optional;

/// The page that people see.
final class Html {
    record Checked(String sms, Prediction prediction) {}

    private static final String PAGE = """
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <title>SMS checker</title>
            <style>
              body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 3rem auto; padding: 0 1rem }
              textarea { font: inherit; width: 100%; box-sizing: border-box }
              output { display: block; margin: 1rem 0; font-weight: bold }
              footer { margin-top: 2rem; color: #555 }
            </style>
            <h1>Is this message spam?</h1>
            <form method="post" action="/sms">
              <label for="sms">Message</label>
              <textarea id="sms" name="sms" rows="4" required>{sms}</textarea>
              <button>Check</button>
            </form>
            {result}<footer>Version {version}</footer>
            </html>
            """;

    private Html() {}

    static String page(String version, Optional<Checked> checked) {
        // The message last: what a person wrote must not be filled in again.
        return PAGE.replace("{version}", escaped(version))
                .replace("{result}", checked.map(Html::result).orElse(""))
                .replace("{sms}", escaped(checked.map(Checked::sms).orElse("")));
    }

    private static String result(Checked checked) {
        double percent = 100 * checked.prediction().spamProbability();
        return String.format(
                Locale.ROOT,
                "<output>%s: spam with a probability of %.1f %%</output>\n",
                checked.prediction().result(),
                percent);
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
