package dev.aviary.events;

import java.util.Optional;

/// A pod whose requests were counted, written down once for all looks.
///
/// @param node that it runs on, empty if unknown
/// @param life of its container, counted from 1 with each restart that was seen; empty before the first one
public record CountedPod(String pod, String node, Count.Side side, Optional<Integer> life) {}
