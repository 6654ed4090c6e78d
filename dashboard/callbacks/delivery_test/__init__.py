"""Tests whether callbacks reach this deployment."""
