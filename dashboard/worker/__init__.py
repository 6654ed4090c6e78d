"""The background: a queue that wakes tasks, and the clock that finds rows which are due."""
