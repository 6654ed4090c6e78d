"""Verification jobs: created by staff, submitted to Smile ID in saved steps, followed until they are settled."""
