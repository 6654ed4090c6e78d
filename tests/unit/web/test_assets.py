"""Static files: hashed addresses that may be kept for ever, compressed, and light enough."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import brotli
import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard.db import Database, utc_now
from tests.factories.rollups import add, fold_all, job_at

SignInAs = Callable[[str], FlaskClient]
ADDRESS = re.compile(r'(?:src|href|data-library|data-style)="(/static/[^"]+)"')
ROOT = Path(__file__).parents[3]
#: Of a first visit, in bytes as compressed. One with a chart is some 80 KB.
HEAVIEST = 90 * 1024


def test_every_file_that_a_page_names_is_there_and_kept_for_ever(sign_in: SignInAs):
    client = sign_in("ada")

    addresses = ADDRESS.findall(client.get("/account").text)

    assert len(addresses) >= 6
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
        answer.close()


def weight_of(client: FlaskClient, page: str, known: dict[str, int]) -> int:
    """The bytes of a first visit, compressed: the page, what it names, and what a chart loads later."""
    accepts = {"Accept-Encoding": "br"}
    for address in {*ADDRESS.findall(page)} - known.keys():
        with client.get(address, headers=accepts) as answer:
            known[address] = len(answer.data)
    return len(brotli.compress(page.encode(), quality=4)) + sum(known[each] for each in {*ADDRESS.findall(page)})


def test_a_first_visit_of_any_page_is_light(sign_in: SignInAs, app: Flask, database: Database):
    now = utc_now()
    add(database, job_at(now))
    fold_all(database, now)
    client, known = sign_in("ada"), dict[str, int]()
    addresses = [rule.rule for rule in app.url_map.iter_rules() if "GET" in rule.methods and not rule.arguments]

    weights = {}
    for address in addresses:
        with client.get(address) as answer:
            if (answer.status_code, answer.mimetype) == (200, "text/html"):
                weights[address] = weight_of(client, answer.text, known)

    assert len(weights) > 15
    assert any("uplot" in address for address in known)  # A page with a chart is among them.
    assert {address: weight for address, weight in weights.items() if weight > HEAVIEST} == {}


def test_no_rule_for_a_name_in_use_was_dropped_from_the_stylesheet():
    """The build leaves out Tabler's rules for other classes: see hatch_build.py."""
    dropped = json.loads((ROOT / "static/vendor/manifest.json").read_text())["dropped"]
    files = [*ROOT.glob("templates/**/*.html"), *ROOT.glob("static/js/**/*.js")]

    names = {name for path in files for name in re.findall(r"[A-Za-z][\w-]*", path.read_text(encoding="utf-8"))}

    assert len(dropped) > 1000
    assert names.isdisjoint(dropped), "run `make setup`, which builds the stylesheet again"


def test_what_is_not_in_the_folder_is_not_served(client: FlaskClient):
    assert client.get("/static/../pyproject.toml").status_code == 404
    assert client.get("/static/nothing.css").status_code == 404


def test_a_page_that_names_a_missing_file_fails_loudly(app: Flask):
    with pytest.raises(KeyError):
        app.jinja_env.globals["asset_url"]("css/nothing.css")
