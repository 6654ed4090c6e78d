"""The embedded simulator of Smile ID's API: its own Flask app, its own store, its own signing code."""
