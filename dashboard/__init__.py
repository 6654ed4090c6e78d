"""Partner Desk: a self-hosted dashboard for companies that verify customers through Smile ID."""
