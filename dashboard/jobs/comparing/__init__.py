"""Compares a given with a returned value: names, dates, countries, phone numbers and other short values."""
