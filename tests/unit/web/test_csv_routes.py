"""Every CSV that the product writes opens right in Excel and LibreOffice; the same facts as JSON stay plain."""

import codecs
import csv
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import example, given
from hypothesis import strategies as st

from dashboard.audit.trail import record
from dashboard.callbacks.refused.storing import store_refused
from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.jobs.models import Job, JobState
from dashboard.jobs.products import Product
from dashboard.web.pages.spreadsheets import FORMULA_SIGNS, QUOTE, csv_pieces, defused
from tests.factories.jobs import make_job as make_job_row
from tests.factories.rollups import fold_all
from tests.unit.callbacks.test_refused import refused

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]
REFERENCE = "0810"
NAME = "Ọbí Adébáyọ̀, Ltd"
MARKED = re.compile(r"0\d+|\d{12,}")


@pytest.fixture
def make_job(app: Flask, database: Database, settings: Settings) -> Callable[..., Job]:
    def make(**row: Any) -> Job:
        with app.app_context():
            return make_job_row(database, settings, Product.ENHANCED_KYC, **row)

    return make


def csv_routes(app: Flask) -> list[str]:
    """Addresses of all exports; one with a variable in it needs a row of its own here."""
    return sorted(str(rule) for rule in app.url_map.iter_rules() if str(rule).endswith(".csv"))


def opened(content: bytes) -> list[list[str]]:
    """As Excel opens it: UTF-8 because of the mark, one row for each line that ends with CR and LF."""
    assert content.startswith(codecs.BOM_UTF8)
    assert content.count(codecs.BOM_UTF8) == 1
    text = content.decode("utf-8-sig")
    assert text.endswith('"\r\n')
    assert not re.search(r"(?<!\r)\n", text)
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def test_every_csv_opens_right(app: Flask, database: Database, sign_in: SignInAs, make_job: Callable[..., Job]) -> None:
    make_job(state=JobState.DONE, result_code="0810", smile_job_id="0000000583",
             customer_reference=REFERENCE, user_id="222123456789", result_text=NAME)  # fmt: skip
    make_job(customer_reference="=1+1", result_text="+234 801", user_id="12")
    with database.transaction() as session:
        record(session, "job.created", "007", utc_now(), who="@worker", details={"note": NAME})
        store_refused(session, "sandbox", [refused(claimed_job_id=NAME), refused(claimed_job_id="=1+1")], ())
    fold_all(database, utc_now())
    ada = sign_in("ada")
    routes = csv_routes(app)

    for route in routes:
        answer = ada.get(route)
        header, *rows = opened(answer.data)
        assert answer.status_code == 200, route
        assert (answer.mimetype, answer.content_type) == ("text/csv", "text/csv; charset=utf-8")
        assert len(rows) >= 2, route
        assert {len(row) for row in rows} == {len(header)}
        cells = [cell for row in rows for cell in row]
        assert not [cell for cell in cells if cell.startswith(tuple(FORMULA_SIGNS)) or MARKED.fullmatch(cell)], route
        assert route == "/reports.csv" or any(NAME in cell for cell in cells), route  # Reports have numbers only.
    assert {"/audit.csv", "/jobs.csv"} <= set(routes)


def test_codes_and_long_numbers_keep_their_digits_and_json_stays_plain(
    sign_in: SignInAs, make_job: Callable[..., Job]
) -> None:
    job = make_job(state=JobState.DONE, result_code="0810", smile_job_id="0000000583",
                   customer_reference=REFERENCE, user_id="222123456789", result_text=NAME)  # fmt: skip
    ben = sign_in("ben")

    header, row = opened(ben.get("/jobs.csv").data)
    cells = dict(zip(header, row, strict=True))
    plain = ben.get(f"/jobs/{job.id}.json").get_json()

    names = ("result_code", "smile_job_id", "customer_reference", "user_id", "result_text", "job_type")
    assert [cells[name] for name in names] == ["'0810", "'0000000583", "'0810", "'222123456789", NAME, "5"]
    assert [plain[name] for name in names] == ["0810", "0000000583", "0810", "222123456789", NAME, 5]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("0810", "'0810"), ("00", "'00"), ("0", "0"), ("810", "810"), ("22212345678", "22212345678"),
        ("222123456789", "'222123456789"), (222123456789, "'222123456789"), (" 0810 ", "' 0810 "), ("1E5", "'1E5"),
        ("12e345", "'12e345"), ("1.5e3", "'1.5e3"), ("0.5", "0.5"), ("0-1", "0-1"), ("0a", "0a"), ("e5", "e5"),
        ("'0810", "''0810"),
    ],
)  # fmt: skip
def test_a_quote_stands_before_what_a_spreadsheet_would_change(value: object, cell: str) -> None:
    assert defused(value) == cell


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=4))
@example(["0810", "\ufeff", 'a"b', "line\r\nnext"])
def test_a_program_reads_back_what_was_stored(row: list[str]) -> None:
    content = "".join(csv_pieces(["name"] * len(row), [row])).encode()

    _, cells = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)

    assert [cell[1:] if cell.startswith(QUOTE) else cell for cell in cells] == row
