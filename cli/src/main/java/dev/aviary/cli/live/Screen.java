package dev.aviary.cli.live;

import dev.aviary.cli.story.Colours;
import java.util.List;

/// Where a rollout is watched.
public interface Screen extends AutoCloseable {
    /// A line that stays.
    void tell(String line);

    /// What stands below all that was told, in place of what stood there.
    ///
    /// @param lines each at most [#width] columns
    void show(List<String> lines);

    /// False: nobody sees what is shown.
    boolean isLive();

    int width();

    Glyphs glyphs();

    @Override
    void close();

    /// A terminal that can be redrawn, or plain lines.
    ///
    /// @param plain in any case
    static Screen of(boolean plain) {
        return plain || !Colours.terminal() ? new Lines(System.out) : new Terminal(System.out);
    }

    /// Plain lines, for files, pipes and terminals that can't be redrawn.
    record Lines(java.io.PrintStream out) implements Screen {
        @Override
        public void tell(String line) {
            out.println(line);
        }

        @Override
        public void show(List<String> lines) {}

        @Override
        public boolean isLive() {
            return false;
        }

        @Override
        public int width() {
            return Integer.MAX_VALUE;
        }

        @Override
        public Glyphs glyphs() {
            return Glyphs.ASCII;
        }

        @Override
        public void close() {}
    }
}
