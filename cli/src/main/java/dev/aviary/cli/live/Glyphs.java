package dev.aviary.cli.live;

import java.nio.charset.Charset;

/// What bars and marks are drawn with.
///
/// @param rule     of a heading
/// @param arrow    from the old images to the new ones
/// @param full     part of a bar
/// @param empty    part of a bar
/// @param done     a step that was passed
/// @param current  a step under way
/// @param failed   a step that was taken back
/// @param link     between two steps
/// @param dot      between two words
/// @param ellipsis where something was left out
record Glyphs(
        String rule,
        String arrow,
        String full,
        String empty,
        String done,
        String current,
        String failed,
        String link,
        String dot,
        String ellipsis) {
    static final Glyphs UNICODE = new Glyphs("─", "→", "█", "░", "✓", "▶", "✗", "─", "·", "…");
    static final Glyphs ASCII = new Glyphs("-", "->", "#", ".", "+", ">", "x", "-", "-", "..");

    static Glyphs in(Charset terminal) {
        return terminal.newEncoder().canEncode("─→█░✓▶✗·…") ? UNICODE : ASCII;
    }

    /// @param share between 0 and 1
    String bar(double share, int width) {
        return full.repeat(filled(share, width)) + empty.repeat(width - filled(share, width));
    }

    /// Something is seen of what isn't nothing.
    private static int filled(double share, int width) {
        int cells = (int) Math.round(Math.clamp(share, 0, 1) * width);
        return share > 0 ? Math.max(1, cells) : 0;
    }
}
