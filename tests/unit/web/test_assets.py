"""Static files: hashed addresses that may be kept for ever, compressed, and light enough."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

SignInAs = Callable[[str], FlaskClient]
ADDRESS = re.compile(r'(?:src|href)="(/static/[^"]+)"')


def test_every_file_that_a_page_names_is_there_and_kept_for_ever(sign_in: SignInAs):
    client = sign_in("ada")

    addresses = ADDRESS.findall(client.get("/account").text)

    assert len(addresses) >= 6
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
        answer.close()


def test_a_first_visit_is_light(sign_in: SignInAs):
    client = sign_in("ada")
    accepts = {"Accept-Encoding": "br"}

    page = client.get("/account", headers=accepts)
    weight = len(page.data)
    for address in set(ADDRESS.findall(client.get("/account").text)):
        with client.get(address, headers=accepts) as answer:
            weight += len(answer.data)

    assert weight < 130 * 1024


def test_what_is_not_in_the_folder_is_not_served(client: FlaskClient):
    assert client.get("/static/../pyproject.toml").status_code == 404
    assert client.get("/static/nothing.css").status_code == 404


def test_a_page_that_names_a_missing_file_fails_loudly(app: Flask):
    with pytest.raises(KeyError):
        app.jinja_env.globals["asset_url"]("css/nothing.css")
