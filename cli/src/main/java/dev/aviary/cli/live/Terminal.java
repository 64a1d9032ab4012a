package dev.aviary.cli.live;

import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A terminal whose lowest lines are redrawn. The cursor is hidden meanwhile, and shown again at the end, also at
/// ctrl-C.
final class Terminal implements Screen {
    private static final Size USUAL = new Size(24, 80);
    /// A window that was made larger or smaller is noticed within so many redraws.
    private static final int MEASURED = 8;

    private record Size(int rows, int columns) {}

    private final PrintStream out;
    private final Glyphs glyphs;
    private final Thread atExit = new Thread(this::restore);
    private Size size = measured();
    private int redraws;
    private List<String> shown = List.of();
    private int drawn;
    private boolean closed;

    Terminal(PrintStream out) {
        this.out = out;
        this.glyphs = Glyphs.in(out.charset());
        Runtime.getRuntime().addShutdownHook(atExit);
    }

    @Override
    public synchronized void tell(String line) {
        if (closed) {
            out.println(line);
        } else {
            draw(List.of(line));
        }
    }

    @Override
    public synchronized void show(List<String> lines) {
        if (closed) {
            return;
        }
        if (++redraws % MEASURED == 0) {
            size = measured();
        }
        shown = new ArrayList<>(lines.subList(0, Math.min(lines.size(), size.rows() - 1)));
        draw(List.of());
    }

    private void draw(List<String> told) {
        out.print(new Redraw(drawn).of(told, shown));
        out.flush();
        drawn = shown.size();
    }

    @Override
    public boolean isLive() {
        return true;
    }

    /// One less than there is: a line that ends at the edge is wrapped by some.
    @Override
    public synchronized int width() {
        return size.columns() - 1;
    }

    @Override
    public Glyphs glyphs() {
        return glyphs;
    }

    /// The JDK doesn't tell how large a terminal is.
    private static Size measured() {
        try {
            var stty = new ProcessBuilder("stty", "size")
                    .redirectInput(new File("/dev/tty"))
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            var said = new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
            var numbers = said.split(" ", -1);
            if (!stty.waitFor(1, TimeUnit.SECONDS) || numbers.length != 2) {
                return USUAL;
            }
            int rows = Integer.parseInt(numbers[0]);
            int columns = Integer.parseInt(numbers[1]);
            return rows < 2 || columns < 2 ? USUAL : new Size(rows, columns);
        } catch (IOException | NumberFormatException e) {
            return USUAL;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return USUAL;
        }
    }

    private synchronized void restore() {
        closed = true;
        out.print(Redraw.SHOW);
        out.flush();
    }

    /// What was shown last stays.
    @Override
    public void close() {
        restore();
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException _) { // it is ending already, and has shown the cursor
        }
    }
}
