"""Lists: filters in the address, keyset pages, exports. Each slice declares its own lists."""
