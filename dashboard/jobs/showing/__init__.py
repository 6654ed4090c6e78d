"""Pages about jobs, and their words."""
