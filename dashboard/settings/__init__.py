"""What an owner changes while the product runs, on a page."""
