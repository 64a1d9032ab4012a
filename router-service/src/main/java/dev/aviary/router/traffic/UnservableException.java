package dev.aviary.router.traffic;

/// What is wanted can't be had from this provider, however often it is tried; the message says the way out.
public class UnservableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public UnservableException(String message) {
        super(message);
    }
}
