"""Receives a callback: from the socket to its stored row. Smile waits for the answer meanwhile."""
