"""Pages on which staff make and manage links."""
