"""What members prove who they are with: passwords, passkeys, authenticator apps, recovery codes."""
