"""`dashboard seed`: believable sample data in any amount. It depends only on the amounts, a number and a moment."""
