"""The audit trail: who did and saw what, in a hash chain that reveals removed or changed lines."""
