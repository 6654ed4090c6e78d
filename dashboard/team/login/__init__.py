"""Signing in and out: the pages, the sign-ins, remembered browsers and limits against guessing."""
