package dev.aviary.analyzer.count;

/// How a pod's metrics are read.
@FunctionalInterface
public interface Scraping {
    /// Why there is no answer, in a few words.
    final class NoAnswer extends Exception {
        private static final long serialVersionUID = 1;

        public NoAnswer(String why) {
            super(why);
        }
    }

    /// May block for a part of a second.
    ///
    /// @param url of the metrics
    /// @return in Prometheus' text format or OpenMetrics
    byte[] scrape(String url) throws NoAnswer;
}
