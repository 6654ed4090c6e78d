"""The pages of a member's own account."""
