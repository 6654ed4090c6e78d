"""Smile Links: links to pages on Smile's own site."""
