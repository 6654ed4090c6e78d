"""Web tokens for partners' own pages."""
