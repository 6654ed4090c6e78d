"""The commands an operator types."""

import click


@click.group()
def main() -> None:
    """Partner Desk."""
