"""Smile Links: links to pages that Smile hosts."""
