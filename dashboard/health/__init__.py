"""What this deployment is owed by whoever runs it: each duty is green, or says in a sentence what mends it."""
