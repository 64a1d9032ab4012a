package dev.aviary.analyzer.gate;

import java.util.Optional;

/// What came of calling a webhook.
///
/// @param status of its answer, if it gave one
/// @param why    in words
public record HookAnswer(Kind kind, Optional<Integer> status, String why) {
    public enum Kind {
        /// It said yes.
        YES,
        /// It said no.
        NO,
        /// It couldn't be asked, or failed.
        FAILED
    }

    static HookAnswer failed(String why) {
        return new HookAnswer(Kind.FAILED, Optional.empty(), why);
    }

    public boolean isYes() {
        return kind == Kind.YES;
    }
}
