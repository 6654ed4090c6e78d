"""How much a request may hold, and under which names this server answers: little and few, unless a view says more."""

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, request
from flask.typing import ResponseReturnValue

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])

MEGABYTE = 1024 * 1024
MOST_BYTES = 2 * MEGABYTE
#: Eleven pictures of ten megabytes at most.
MOST_BYTES_WITH_FILES = 112 * MEGABYTE
#: A supervisor asks by whatever address it found; what it is told is no secret.
FOR_SUPERVISORS = "health"


def takes_files(view: View) -> View:
    """States that a view is sent pictures; every other one is refused a body of that size before it is read."""
    view.takes_files = True  # type: ignore[attr-defined]  # functions take attributes
    return view


def limit_requests(app: Flask, hosts: tuple[str, ...]) -> None:
    """`hosts`: without ports. A name that is made up could end in addresses that we write, or in somebody's cache."""
    trusted = {host.lower() for host in hosts} | {"localhost", "127.0.0.1", "::1"}

    @app.before_request
    def limit() -> None:
        if request.blueprint != FOR_SUPERVISORS and _name_of(request.host) not in trusted:
            abort(400, "This server does not answer under that name.")
        view = current_app.view_functions.get(request.endpoint or "")
        if getattr(view, "takes_files", False):
            request.max_content_length = MOST_BYTES_WITH_FILES


def _name_of(host: str) -> str:
    """Without its port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
