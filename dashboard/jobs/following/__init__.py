"""What happens between a stored job and Smile: it is sent, asked about and settled."""
