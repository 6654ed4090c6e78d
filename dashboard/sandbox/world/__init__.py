"""The simulated world: people, outcomes, stored jobs and their images."""
