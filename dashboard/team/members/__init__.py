"""Owners manage members here: invitations, roles, password resets."""
