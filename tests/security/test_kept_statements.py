"""A page that is opened again makes no new statements: the cache of compiled ones would fill, and memory grow."""

from collections.abc import Iterator
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from dashboard.db import Database
from tests.security.conftest import SignInAgain
from tests.security.walk import OWN, World, routes


def look_at_all(client: FlaskClient, app: Flask, world: World) -> None:
    for route in routes(app):
        if route.method == "GET":
            client.get(route.address(world.values(OWN))).close()


def kept_by(database: Database) -> set[Any]:
    return set(database.engine.get_execution_options()["compiled_cache"].keys())


def texts_of(database: Database, keys: set[Any]) -> Iterator[str]:
    cache = database.engine.get_execution_options()["compiled_cache"]
    return (str(cache[key]) for key in keys)


def test_pages_that_are_opened_again_make_no_new_statements(
    walked_app: Flask, walked_database: Database, world: World, sign_in_again: SignInAgain
):
    ada = sign_in_again("ada")
    for _ in range(2):
        look_at_all(ada, walked_app, world)
    before = kept_by(walked_database)
    look_at_all(ada, walked_app, world)

    new = sorted(texts_of(walked_database, kept_by(walked_database) - before))
    print(f"statements kept: {len(before)}, new: {len(new)}")
    assert len(before) > 100
    assert new == []
