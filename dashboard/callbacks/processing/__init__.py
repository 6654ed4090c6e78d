"""Hands stored callbacks over to their jobs: once when they arrive, again on request."""
