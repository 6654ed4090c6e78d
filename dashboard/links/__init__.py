"""Hosted links: what staff hand to a customer, the customer's page, and the jobs that come of it."""
