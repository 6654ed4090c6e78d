"""Rollups: how many rows there are of each kind and period, kept up to date so that no page has to count rows."""
