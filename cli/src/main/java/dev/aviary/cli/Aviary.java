package dev.aviary.cli;

import dev.aviary.cli.bench.BenchCommand;
import dev.aviary.events.OperatorCommanded.Verb;
import java.util.Arrays;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/// `aviary`: each verb is a class of its own.
@Command(
        name = "aviary",
        description = "Releases that take themselves back: event-driven progressive delivery for Kubernetes.",
        subcommands = {
            DemoCommand.class,
            UpCommand.class,
            PlaygroundCommand.class,
            AuditCommand.class,
            WatchCommand.class,
            ReplayCommand.class,
            LabelCommand.class,
            BacktestCommand.class,
            BenchCommand.class,
            CommandLine.HelpCommand.class
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
public final class Aviary {
    /// Someone else's chatter doesn't belong on a user's screen; what matters comes as a [Problem].
    private static final Logger QUIET = Logger.getLogger("");

    private Aviary() {}

    public static void main(String[] args) {
        QUIET.setLevel(Level.SEVERE);
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        var aviary = new CommandLine(new Aviary());
        Arrays.stream(Verb.values()).forEach(verb -> aviary.addSubcommand(verb.word(), new OperatorCommand(verb)));
        aviary.setExecutionExceptionHandler(new Telling());
        return aviary;
    }
}
