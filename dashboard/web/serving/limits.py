"""Limits on the size of requests, and on the host names that this server answers to."""

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, request
from flask.typing import ResponseReturnValue

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])

MEGABYTE = 1024 * 1024
MOST_BYTES = 2 * MEGABYTE
#: At most eleven images of ten megabytes.
MOST_BYTES_WITH_FILES = 112 * MEGABYTE
#: A supervisor may ask under any address; what it is told is no secret.
FOR_SUPERVISORS = "health"


def takes_files(view: View) -> View:
    """Declares that a view accepts images. Other views refuse a body of that size before it is read."""
    view.takes_files = True  # type: ignore[attr-defined]  # functions take attributes
    return view


def limit_requests(app: Flask, hosts: tuple[str, ...]) -> None:
    """Refuses other hosts and large bodies. `hosts`: without ports.

    A made-up name could end up in addresses that we write, or in somebody's cache.
    """
    trusted = {host.lower() for host in hosts} | {"localhost", "127.0.0.1", "::1"}

    @app.before_request
    def limit() -> None:
        if request.blueprint != FOR_SUPERVISORS and _name_of(request.host) not in trusted:
            abort(400, "This server does not answer under that name.")
        view = current_app.view_functions.get(request.endpoint or "")
        if getattr(view, "takes_files", False):
            request.max_content_length = MOST_BYTES_WITH_FILES


def _name_of(host: str) -> str:
    """The host without its port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
