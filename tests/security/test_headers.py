"""Headers on every route with every status: never framed, never guessed, never kept, nothing inline, nothing told."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import RequestEntityTooLarge, TooManyRequests, Unauthorized
from werkzeug.test import TestResponse

from dashboard.app import create_app
from dashboard.callbacks.receiving import acknowledging, receiver
from dashboard.context import context_of
from dashboard.errors import Conflict, Invalid, NotAllowed, NotFound
from dashboard.web.access import EVERYBODY
from tests.conftest import make_settings
from tests.factories.callbacks import deliver, encode, make_payload
from tests.security.conftest import SignInAgain
from tests.security.observatory import directives, score
from tests.security.walk import KINDS, Route, World, routes

TROUBLES: dict[int, Callable[[], Exception]] = {
    401: Unauthorized,
    403: lambda: NotAllowed("no"),
    404: NotFound,
    409: lambda: Conflict("no"),
    413: RequestEntityTooLarge,
    422: lambda: Invalid({"name": "no"}),
    429: lambda: TooManyRequests("no"),
    500: lambda: ZeroDivisionError("no"),
}
WANTED = {200, 303, 400, 401, 403, 404, 405, 409, 413, 422, 429, 500}
FIXED = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
#: A style sheet of the customer's page that says nothing about anybody, at an address that changes with it.
MAY_BE_KEPT = "public, max-age=31536000, immutable"


def problems_with(answer: TestResponse, may_be_framed_by_us: bool) -> list[str]:
    found = [name for name, value in FIXED.items() if answer.headers.get(name) != value]
    policy = directives(answer.headers.get("Content-Security-Policy", ""))
    frames = (["'self'"], "SAMEORIGIN") if may_be_framed_by_us and answer.status_code == 200 else (["'none'"], "DENY")
    if policy.get("frame-ancestors") != frames[0]:
        found.append("frame-ancestors")
    if answer.headers.get("X-Frame-Options") != frames[1]:
        found.append("X-Frame-Options")
    if any("unsafe" in source for sources in policy.values() for source in sources) or "default-src" not in policy:
        found.append("Content-Security-Policy")
    kept = answer.headers.get("Cache-Control", "")
    if kept != "no-store" and not (answer.mimetype == "text/css" and kept == MAY_BE_KEPT):
        found.append("Cache-Control")
    return found


def may_be_framed_by_us(route: Route) -> bool:
    """Staff's preview of the customer's page, which can do nothing."""
    return route.rule.endpoint.startswith("link_previews.")


@contextmanager
def troubled(app: Flask, endpoint: str, error: Exception) -> Iterator[None]:
    """Within the block that view does nothing but fail in this way; everything around it is as it is."""
    view = app.view_functions[endpoint]

    def fail(**_: Any) -> str:
        raise error

    fail.required_permission = EVERYBODY  # type: ignore[attr-defined]
    app.view_functions[endpoint] = fail
    try:
        yield
    finally:
        app.view_functions[endpoint] = view


def test_every_route_with_every_status_has_them(walked_app: Flask, world: World, sign_in_again: SignInAgain):
    seen: Counter[int] = Counter()
    lacking: list[Any] = []

    def look(client: FlaskClient, route: Route, address: str, **options: Any) -> None:
        answer = client.open(address, **({"method": route.method} | options))
        seen[answer.status_code] += 1
        problems = problems_with(answer, may_be_framed_by_us(route))
        if problems:
            lacking.append((route.name, answer.status_code, problems))

    nobody, cleo, ada = (sign_in_again(name) for name in ("", "cleo", "ada"))
    for route in routes(walked_app):
        own = route.address(world.own)
        for kind in KINDS if route.rule.arguments else KINDS[:1]:
            for client in (nobody, cleo) if route.method != "GET" else (nobody, cleo, ada):
                look(client, route, route.address(world.values(kind)))
        look(nobody, route, own, method="PATCH")
        for error in TROUBLES.values():
            with troubled(walked_app, route.rule.endpoint, error()):
                look(nobody, route, own)
        walked_app.config["WTF_CSRF_ENABLED"] = True
        look(ada, route, own)
        walked_app.config["WTF_CSRF_ENABLED"] = False

    print(f"answers: {seen.total()}, by status: {dict(sorted(seen.items()))}, lacking: {len(lacking)}")
    assert seen.keys() >= WANTED
    assert not lacking, "\n".join(map(str, lacking))


def test_the_door_for_callbacks_has_them_too(walked_app: Flask, monkeypatch: pytest.MonkeyPatch):
    client = walked_app.test_client()
    answers = [
        deliver(client, encode(make_payload())),
        deliver(client, encode(make_payload(signature="d3Jvbmc="))),
        deliver(client, b"[", content_type="application/json"),
        deliver(client, encode(make_payload()), path="/hooks/smile/nobodys-key"),
        deliver(client, b"x" * (receiver.MAX_BODY + 1)),
        client.post("/hooks/smile", data="x"),
        client.get("/hooks/smile"),
        client.post("/hooks/nothing"),
    ]
    monkeypatch.setattr(acknowledging, "store_callbacks", lambda *_, **__: 1 / 0)
    answers.append(deliver(client, encode(make_payload(ResultText="another"))))

    assert [answer.status_code for answer in answers] == [200, 401, 400, 404, 413, 415, 405, 404, 500]
    assert {
        answer.status_code: problems_with(answer, False) for answer in answers if problems_with(answer, False)
    } == {}


def test_files_are_not_guessed_either_and_open_to_no_other_origin(walked_app: Flask):
    client = walked_app.test_client()
    page = client.get("/sign-in").text
    files = [part.partition('"')[0] for part in page.split('="/static/')[1:]]

    for name in files:
        with client.get(f"/static/{name}") as answer:
            assert answer.status_code == 200, name
        assert answer.headers.get("X-Content-Type-Options") == "nosniff", name
        assert "Access-Control-Allow-Origin" not in answer.headers, name
        shown_by = "cross-origin" if name.startswith("img/") else "same-origin"  # Smile's pages show a logo of ours.
        assert answer.headers.get("Cross-Origin-Resource-Policy") == shown_by, name
        assert answer.headers.get("Content-Security-Policy") == "frame-ancestors 'none'", name
        assert answer.headers.get("Referrer-Policy") == "no-referrer", name
    assert len(files) > 3


def test_the_observatory_gives_full_marks(tmp_path: Path, migrated_sqlite: Path):
    database = tmp_path / "dashboard.db"
    database.write_bytes(migrated_sqlite.read_bytes())
    address = "https://desk.example.com"
    app = create_app(make_settings(tmp_path, database_url=f"sqlite:///{database}", public_url=address))

    page = app.test_client().get("/sign-in", base_url=address)
    points, losses = score(page, page.headers.get("Strict-Transport-Security", ""))

    context_of(app).database.dispose()
    print(f"observatory: {points} points, losses: {losses}")
    assert losses == []
    assert points >= 130
