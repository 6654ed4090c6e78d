"""From the form of a new job to its stored row and its images."""
