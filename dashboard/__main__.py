"""Runs the `dashboard` command as `python -m dashboard`."""

from dashboard.cli import main

main()
