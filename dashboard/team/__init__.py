"""Members of the team: who may sign in, with which role, and from which browsers they are signed in now."""
