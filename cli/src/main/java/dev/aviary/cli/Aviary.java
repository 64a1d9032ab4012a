package dev.aviary.cli;

import dev.aviary.cli.bench.BenchCommand;
import dev.aviary.events.OperatorCommanded.Verb;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/// `aviary`: each verb is a class of its own.
@Command(
        name = "aviary",
        description = "Releases that take themselves back: event-driven progressive delivery for Kubernetes.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
public final class Aviary {
    /// Someone else's chatter doesn't belong on a user's screen; what matters comes as a [Problem].
    private static final Logger QUIET = Logger.getLogger("");

    private Aviary() {}

    public static void main(String[] args) {
        QUIET.setLevel(Level.SEVERE);
        System.exit(commandLine(args).execute(args));
    }

    /// Picocli looks at each verb's options by reflection: where one is asked for, at that one's alone.
    static CommandLine commandLine(String... args) {
        var verbs = verbs();
        var aviary = new CommandLine(new Aviary());
        Optional.of(args)
                .filter(words -> words.length > 0 && verbs.containsKey(words[0]))
                .ifPresent(words -> verbs.keySet().retainAll(Set.of(words[0])));
        verbs.forEach((name, verb) -> aviary.addSubcommand(name, verb.get()));
        aviary.addSubcommand(new CommandLine.HelpCommand());
        aviary.setExecutionExceptionHandler(new Telling());
        return aviary;
    }

    /// In the order of the help.
    private static SequencedMap<String, Supplier<Object>> verbs() {
        var verbs = new LinkedHashMap<String, Supplier<Object>>();
        verbs.put("demo", DemoCommand::new);
        verbs.put("up", UpCommand::new);
        verbs.put("playground", PlaygroundCommand::new);
        verbs.put("audit", AuditCommand::new);
        verbs.put("watch", WatchCommand::new);
        verbs.put("replay", ReplayCommand::new);
        verbs.put("label", LabelCommand::new);
        verbs.put("backtest", BacktestCommand::new);
        verbs.put("bench", BenchCommand::new);
        Arrays.stream(Verb.values()).forEach(verb -> verbs.put(verb.word(), () -> new OperatorCommand(verb)));
        return verbs;
    }
}
