"""Sending stored jobs to Smile, asking about them, and settling them."""
