"""The overview: the first page after the sign-in."""
