"""Hosted links: the addresses that staff give to customers, the customer's pages, and the jobs they lead to."""
