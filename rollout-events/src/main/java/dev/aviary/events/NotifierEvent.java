package dev.aviary.events;

/// What only the notifier may say.
public sealed interface NotifierEvent extends RolloutEvent permits AlertDelivered, AlertFailed {}
