package dev.aviary.eventlog.topics;

import dev.aviary.eventlog.streams.EmbeddedBroker;
import java.nio.file.Path;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/// One broker for the tests of a class.
abstract class WithBroker {
    private static EmbeddedBroker broker;
    protected static LogConnection log;
    protected static Admin admin;

    @BeforeAll
    static void startBroker(@TempDir Path data) throws Exception {
        broker = EmbeddedBroker.start(data, 0);
        log = LogConnection.to(broker.bootstrapServers());
        admin = log.admin();
    }

    @AfterAll
    static void stopBroker() throws Exception {
        admin.close();
        broker.close();
    }
}
