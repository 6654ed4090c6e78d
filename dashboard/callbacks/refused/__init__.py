"""Refused deliveries, which were never stored as callbacks: noted, written in batches, listed."""
