"""Backups: one file with the data and the sealed pictures, its restore, and the check of what is here."""
