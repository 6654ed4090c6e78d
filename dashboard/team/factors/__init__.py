"""How members prove who they are: passwords, passkeys, authenticator apps and recovery codes."""
