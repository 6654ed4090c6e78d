"""Managing members: invitations, roles and password resets."""
