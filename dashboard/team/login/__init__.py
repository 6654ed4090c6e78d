"""Signing in and out: pages, sign-ins, remembered browsers and limits on guessing."""
