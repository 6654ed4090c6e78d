"""The endpoints of v3, Smile ID's current API."""
