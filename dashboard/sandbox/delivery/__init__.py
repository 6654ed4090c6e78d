"""Sends callbacks to partners."""
