"""Callbacks on their way to partners."""
