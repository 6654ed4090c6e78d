"""Lists: filters that stand in the address, pages by key, exports. What a list shows is declared in its slice."""
