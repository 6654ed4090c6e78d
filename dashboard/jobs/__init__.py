"""Verification jobs: created by staff, submitted to Smile ID in saved steps and followed until they are settled."""
