"""`dashboard demo`: the whole product on one machine with sample data, and nothing to set up."""
