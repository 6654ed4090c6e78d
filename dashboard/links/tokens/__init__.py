"""Web tokens for the partner's own pages."""
