"""Callbacks: receives them, checks their signatures, stores them before acknowledging, and shows why."""
