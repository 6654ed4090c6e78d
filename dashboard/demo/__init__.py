"""`dashboard demo`: the whole product on one machine, with sample data and without setup."""
