"""Saved views: a list's filter, order and columns under a name, private or shared, pinned with a live count."""
