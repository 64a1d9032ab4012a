package dev.aviary.cli;

import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.ParseResult;

/// What went wrong, for people: a [Problem] in its one sentence.
final class Telling implements IExecutionExceptionHandler {
    @Override
    public int handleExecutionException(Exception failure, CommandLine command, ParseResult parsed) {
        var out = command.getErr();
        switch (failure) {
            case Problem problem -> out.println("aviary: " + problem.getMessage());
            // Not a user's mistake: what happened belongs into a report.
            default -> failure.printStackTrace(out);
        }
        return 1;
    }
}
