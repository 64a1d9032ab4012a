package dev.aviary.analyzer.count;

/// What was told of one pod's requests: where a histogram's parts don't quite fit together, none is told as failed
/// twice.
final class Told {
    private long good;
    private long total;
    private long failures;

    Tallying.Parts look(Tallying.Parts grown) {
        good += grown.good();
        total += grown.total();
        long fresh = Math.clamp(total - good - failures, 0, grown.total());
        failures += fresh;
        return new Tallying.Parts(grown.total() - fresh, grown.total(), grown.edge());
    }
}
