package dev.aviary.analyzer.count;

import dev.aviary.eventlog.streams.EmbeddedBroker;
import java.io.IOException;
import java.nio.file.Path;

/// A broker whose work isn't counted as the analyzer's. Prints its address, ends with its input.
final class BrokerProcess {
    private BrokerProcess() {}

    /// @param arguments the folder of its data
    public static void main(String[] arguments) throws IOException {
        try (var broker = EmbeddedBroker.start(Path.of(arguments[0]), 0)) {
            System.out.println("broker " + broker.bootstrapServers());
            System.out.flush();
            while (System.in.read() >= 0) {
                // until the parent ends
            }
        }
        System.exit(0);
    }
}
