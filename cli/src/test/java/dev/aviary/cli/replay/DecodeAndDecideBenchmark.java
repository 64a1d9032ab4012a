package dev.aviary.cli.replay;

import dev.aviary.eventlog.codec.EventCodec;
import dev.aviary.eventlog.topics.Entry;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// A replay without the broker: records from memory, decoded, decided again by both deciders, compared. Run it with
/// `org.openjdk.jmh.Main`; the column `records` counts.
/// See docs/benchmarks.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(
        value = 1,
        jvmArgs = {"-XX:+UseSerialGC", "-Xmx640m"})
public class DecodeAndDecideBenchmark {
    private static final int RECORDS = 20_000;

    /// Looks of each rollout.
    @Param({"0", "100"})
    int looks;

    private final List<ProducerRecord<byte[], byte[]>> log = new ArrayList<>();
    private final List<ProducerRecord<byte[], byte[]>> measurements = new ArrayList<>();

    /// Records that were taken again.
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    public static class Counted {
        public long records;
    }

    @Setup
    public void write() {
        new WrittenLog(
                        looks,
                        record -> (record.topic().equals(WrittenLog.TOPICS.rolloutEvents()) ? log : measurements)
                                .add(record))
                .fill(RECORDS);
    }

    @Benchmark
    public List<Replay.Result> replay(Counted counted) {
        var results = Replays.of(
                read(log),
                new Replay.Measured(WrittenLog.TOPICS.measurements(), 0),
                read(measurements),
                _ -> true,
                Instant.MAX,
                _ -> {});
        if (results.stream().anyMatch(result -> result.difference().isPresent())) {
            throw new IllegalStateException("differs: " + results);
        }
        counted.records += log.size() + measurements.size();
        return results;
    }

    private Iterator<Entry> read(List<ProducerRecord<byte[], byte[]>> records) {
        return IntStream.range(0, records.size())
                .mapToObj(offset -> entry(offset, records.get(offset)))
                .iterator();
    }

    private Entry entry(int offset, ProducerRecord<byte[], byte[]> record) {
        return new Entry(
                record.topic(),
                0,
                offset,
                Instant.ofEpochMilli(record.timestamp()),
                WrittenLog.CHECKOUT,
                EventCodec.read(record.headers(), record.value()));
    }
}
