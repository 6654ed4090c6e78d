"""E-mail to members, and the outbox that it waits in."""
