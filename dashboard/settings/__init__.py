"""The settings that owners change on a page while the product runs."""
