"""Pages about jobs, and the words on them."""
