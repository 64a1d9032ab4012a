package dev.aviary.systemtests;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/// What a source file's doc comments say.
final class JavaSource {
    private static final String DOC = "(?<doc>(?:^[ ]*///.*\n)+)(?<annotations>(?:^[ ]*@.*\n)*)";
    private static final Pattern TYPE = Pattern.compile(
            DOC + "^[ ]*(?:(?:public|private|static|final|sealed) )*(?:record|interface|enum|class) (?<name>\\w+)",
            Pattern.MULTILINE);
    private static final Pattern METHOD =
            Pattern.compile(DOC + "^[ ]*(?<type>[\\w<>, ]+) (?<name>\\w+)\\(\\);", Pattern.MULTILINE);

    private final String text;

    private JavaSource(String text) {
        this.text = text;
    }

    static JavaSource of(Path file) {
        try {
            return new JavaSource(Files.readString(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String text() {
        return text;
    }

    /// Of the type of this simple name, nested or not.
    Optional<Doc> type(String name) {
        return TYPE.matcher(text)
                .results()
                .filter(found -> found.group("name").equals(name))
                .findFirst()
                .map(found -> Doc.of(found.group("doc")));
    }

    /// An interface's methods without arguments, in their order.
    List<Method> methods() {
        return METHOD.matcher(text).results().map(JavaSource::method).toList();
    }

    private static Method method(MatchResult found) {
        return new Method(
                found.group("name"),
                found.group("type").strip(),
                found.group("annotations"),
                Doc.of(found.group("doc")).what());
    }

    record Method(String name, String type, String annotations, String what) {}

    /// @param what   the comment without its tags, in one line
    /// @param params by component
    record Doc(String what, Map<String, String> params) {
        static Doc of(String comment) {
            var what = new ArrayList<String>();
            var params = new LinkedHashMap<String, String>();
            var into = "";
            for (var line : comment.lines()
                    .map(line -> line.strip().substring(3).strip())
                    .toList()) {
                if (line.startsWith("@")) {
                    var words = line.split(" +", 3);
                    into = words[0].equals("@param") ? words[1] : "@";
                    params.put(into, words.length < 3 ? "" : words[2]);
                } else if (into.isEmpty()) {
                    what.add(line);
                } else {
                    params.merge(into, " " + line, String::concat);
                }
            }
            params.remove("@");
            params.replaceAll((_, words) -> shown(words));
            return new Doc(shown(String.join(" ", what)), params);
        }

        /// `[RolloutStarted]` is a link in a doc comment, and a word in a document; a bar would end a table's cell.
        private static String shown(String words) {
            return words.strip()
                    .replaceAll(" +", " ")
                    .replaceAll("\\[#?([\\w.#]+)\\](?!\\()", "`$1`")
                    .replace("|", "\\|");
        }
    }
}
