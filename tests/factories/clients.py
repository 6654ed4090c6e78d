"""Clients of Smile that answer as a test wants, in place of some of the app's own."""

from dataclasses import replace
from typing import Any

from flask import Flask

from dashboard.context import context_of


def replace_clients(app: Flask, **fakes: Any) -> None:
    """Such as `tokens` or `smile_links`; the others stay."""
    factory = context_of(app).smile_clients
    make = factory.clients
    factory.clients = lambda keys: replace(make(keys), **fakes)
