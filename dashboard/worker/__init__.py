"""The background worker: a queue that wakes tasks, and a clock that finds rows that are due."""
