"""Programs read times in one form, whatever the page: UTC, with a Z at the end."""

import re

from flask import Flask

from tests.security.conftest import SignInAgain
from tests.security.walk import World, routes

TIME = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?"


def test_every_time_in_json_and_csv_ends_with_z(walked_app: Flask, world: World, sign_in_again: SignInAgain):
    ada = sign_in_again("ada")
    read = [each for each in routes(walked_app) if each.method == "GET" and each.rule.rule.endswith((".json", ".csv"))]

    texts = {route.name: ada.get(route.address(world.own)).text for route in read}

    assert [name for name, text in texts.items() if re.search(rf"{TIME}(?!Z|[.\d])", text)] == []
    assert sum(bool(re.search(rf"{TIME}Z", text)) for text in texts.values()) >= 12
