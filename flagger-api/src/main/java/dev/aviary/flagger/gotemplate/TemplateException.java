package dev.aviary.flagger.gotemplate;

/// A template can't be read, or what it asks for isn't there; the message says what, in one clause.
public final class TemplateException extends Exception {
    private static final long serialVersionUID = 1L;

    TemplateException(String message) {
        super(message, null, false, false);
    }
}
