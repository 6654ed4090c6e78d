"""The pages where staff make and manage links."""
