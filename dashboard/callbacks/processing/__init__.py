"""Passes stored callbacks to their jobs: once on arrival, again on request."""
