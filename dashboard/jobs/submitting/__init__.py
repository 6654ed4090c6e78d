"""The form of a new job, its stored row and its images."""
