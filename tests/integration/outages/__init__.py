"""Parts that are taken away under load and given back, and what a deployment does meanwhile."""
