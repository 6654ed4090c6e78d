"""Backups: one file with the data and the sealed images, its restore, and the check of a deployment."""
