"""E-mails to members, and the outbox that they wait in."""
