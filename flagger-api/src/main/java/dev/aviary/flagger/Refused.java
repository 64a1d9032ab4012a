package dev.aviary.flagger;

/// Leaves the resolving of a Canary at the first field that makes no sense; [CanarySpecs] turns it into a value.
final class Refused extends Exception {
    private static final long serialVersionUID = 1L;

    final String object;
    final String field;
    final String why;

    /// @param object what is wrong, such as `MetricTemplate shop/errors`; empty: the Canary itself
    Refused(String object, String field, String why) {
        super(field + " " + why, null, false, false);
        this.object = object;
        this.field = field;
        this.why = why;
    }

    Refused(String field, String why) {
        this("", field, why);
    }
}
