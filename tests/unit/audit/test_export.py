"""The trail taken out: what the filter shows, streamed in batches, and the taking out is a line itself."""

import csv
import io
from collections.abc import Callable
from itertools import pairwise

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, col, select

from dashboard.audit.models import AuditEntry
from dashboard.audit.trail import record
from dashboard.db import Database, utc_now
from dashboard.web.lists import reading

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]


@pytest.fixture
def lines(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "EXPORTED_AT_ONCE", 3)
    with database.transaction() as session:
        for number in range(7):
            details = {"note": f'=HYPERLINK("{number}")'}
            record(session, "job.created", f"=row {number}", utc_now(), who="@worker", details=details)


@pytest.mark.usefixtures("lines")
def test_csv_holds_what_the_filter_shows_without_formulas(sign_in: SignInAs, session: Session):
    answer = sign_in("ada").get("/audit.csv?who=@worker")

    rows = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"), newline="")))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit.csv"'
    assert [row["subject"] for row in rows] == [f"'=row {number}" for number in reversed(range(7))]
    assert {row["who"] for row in rows} == {"'@worker"}
    assert rows[-1]["details"] == 'note: =HYPERLINK("0")'
    assert rows[-1]["sentence"] == "'@worker created =row 0"
    stored = session.get_one(AuditEntry, 1)
    assert (rows[-1]["hash"], rows[-1]["previous hash"]) == (stored.hash, f"'{stored.previous_hash}")


@pytest.mark.usefixtures("lines")
def test_json_holds_every_line_once_and_all_that_its_hash_covers(sign_in: SignInAs):
    answer = sign_in("ada").get("/audit/export.json?what=job")

    items = answer.get_json()["items"]
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit.json"'
    assert [item["sequence"] for item in items] == [7, 6, 5, 4, 3, 2, 1]
    assert all(after["previous_hash"] == before["hash"] for after, before in pairwise(items))


def test_nothing_that_matches_is_an_empty_list(sign_in: SignInAs):
    ada = sign_in("ada")

    assert ada.get("/audit/export.json?what=nothing").get_json() == {"items": []}
    assert ada.get("/audit.csv?what=nothing").text.count("\n") == 1


@pytest.mark.usefixtures("lines")
@pytest.mark.parametrize(("path", "kind"), [("/audit.csv", "CSV"), ("/audit/export.json", "JSON")])
def test_taking_out_is_recorded_with_its_filter_and_count_but_not_what_was_searched_for(
    sign_in: SignInAs, session: Session, path: str, kind: str
):
    ada = sign_in("ada")

    whole = ada.get(path)
    searched = ada.get(f"{path}?q=cust-4411&what=job", follow_redirects=True)

    assert (whole.status_code, searched.status_code) == (200, 200)
    taken = select(AuditEntry).where(AuditEntry.action == "audit.exported").order_by(col(AuditEntry.sequence))
    first, second = session.exec(taken).all()
    assert first.details == {"as": kind, "lines": "8"}
    assert second.details == {"as": kind, "lines": "0", "what": "job", "q": "a search"}


@pytest.mark.parametrize("path", ["/audit.csv", "/audit/export.json", "/audit/chain", "/audit/chain.json"])
def test_it_is_for_owners(app: Flask, sign_in: SignInAs, path: str):
    for name in ("ben", "cleo"):
        assert sign_in(name).get(path).status_code == 403
    assert app.test_client().get(path).status_code in (303, 401)
