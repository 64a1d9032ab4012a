package dev.aviary.cli;

import picocli.CommandLine.IVersionProvider;

/// What `--version` says, after each command.
public final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {"aviary 0.1.0"};
    }
}
