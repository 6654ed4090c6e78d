"""The audit trail: who did and saw what, in a chain that shows when a line is removed or changed."""
