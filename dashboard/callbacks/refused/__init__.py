"""Deliveries that were refused before anything was kept of them as a callback: noted, written in batches, listed."""
