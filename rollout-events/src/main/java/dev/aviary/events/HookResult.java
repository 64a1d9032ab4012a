package dev.aviary.events;

/// What came of a `rollout` webhook at a look.
///
/// @param why in words, if it didn't pass
public record HookResult(String hook, boolean passed, String why) {}
