package dev.aviary.cli;

import dev.aviary.events.OperatorCommanded.Verb;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// A person's word to a canary: four annotations, which Kubernetes verifies. One class for all verbs: they differ in
/// a word. Plain kubectl does the same:
/// `kubectl annotate --overwrite canary NAME aviary.dev/command=pause aviary.dev/command-id=$RANDOM
/// aviary.dev/command-by=ME aviary.dev/command-why=…`
@Command(mixinStandardHelpOptions = true, versionProvider = Version.class, description = "Say it to a canary.")
final class OperatorCommand implements Callable<Integer> {
    private final Verb verb;

    @Parameters(index = "0", paramLabel = "NAMESPACE/NAME", description = "The canary.")
    String canary = "";

    @Option(names = "--why", description = "In your words; stands in the log.", defaultValue = "")
    String why = "";

    OperatorCommand(Verb verb) {
        this.verb = verb;
    }

    @Override
    public Integer call() {
        var name = CanaryName.of(canary);
        try (var kube = Kube.current()) {
            PersonsWord.say(kube, name, verb.word(), why, Map.of());
        }
        System.out.printf("%s: %s said. `./aviary audit %s` shows what came of it.%n", canary, verb.word(), canary);
        return 0;
    }
}
