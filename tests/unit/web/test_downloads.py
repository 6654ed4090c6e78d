"""Files are made before they are sent: each says its length, and an error while one is made is an error page."""

import os
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.jobs.showing import export_views
from dashboard.web.pages.downloads import FOLDER, download, text_download
from tests.factories.rollups import fold_all

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]


def downloads(app: Flask) -> list[str]:
    return ["/audit/export.json", *sorted(str(rule) for rule in app.url_map.iter_rules() if str(rule).endswith(".csv"))]


def test_every_download_says_its_length(app: Flask, sign_in: SignInAs, database: Database):
    ada = sign_in("ada")
    fold_all(database, utc_now())  # Reports are made of sums.

    for address in downloads(app):
        answer = ada.get(address, headers={"Accept-Encoding": "gzip, br"})
        assert answer.status_code == 200, address
        assert answer.headers["Content-Length"] == str(len(answer.data)), address
        assert "Content-Encoding" not in answer.headers
        assert answer.data


def test_error_while_a_list_is_made_is_an_error_page(sign_in: SignInAs, monkeypatch: pytest.MonkeyPatch):
    """And not an answer that ends early and looks whole."""
    ada = sign_in("ada")

    def break_off(*_: object) -> Iterator[Any]:
        yield []
        raise ValueError("broken off")

    monkeypatch.setattr(export_views, "all_rows", break_off)
    monkeypatch.setattr(export_views, "newest_key", lambda *_: uuid4())
    answer = ada.get("/jobs.csv")

    assert answer.status_code == 500
    assert "Content-Disposition" not in answer.headers


def test_file_is_readable_for_this_process_alone_and_has_no_name(app: Flask, settings: Settings):
    seen: list[Any] = []

    def write(file: BinaryIO) -> None:
        seen.append((os.fstat(file.fileno()).st_mode & 0o777, os.listdir(settings.instance_dir / FOLDER)))
        file.write(b"secret")

    with app.test_request_context():
        answer = download("a.txt", "text/plain", write)
        assert b"".join(answer.response) == b"secret"  # type: ignore[arg-type]
        answer.close()

    assert seen == [(0o600, [])]


def test_file_is_closed_where_it_could_not_be_made(app: Flask):
    files: list[BinaryIO] = []

    def write(file: BinaryIO) -> None:
        files.append(file)
        raise ValueError("broken off")

    with app.test_request_context(), pytest.raises(ValueError, match="broken off"):
        download("a.txt", "text/plain", write)

    assert files[0].closed


def test_text_is_utf_8(app: Flask):
    with app.test_request_context():
        answer = text_download("a.txt", "text/plain", ["Ọbí", "!"])
        assert b"".join(answer.response) == "Ọbí!".encode()  # type: ignore[arg-type]
        assert answer.headers["Content-Length"] == str(len("Ọbí!".encode()))
        answer.close()
