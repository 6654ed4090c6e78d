"""The embedded simulator of Smile ID's API, with its own Flask app, store and signing code."""
