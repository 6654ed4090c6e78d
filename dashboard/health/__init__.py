"""Health checks of a deployment: each is fine, or says in a sentence how to fix it."""
