"""Members of the team: their accounts, roles and sign-ins."""
