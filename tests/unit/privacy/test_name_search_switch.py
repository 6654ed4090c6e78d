"""An owner switches search by name off and on; the trail says so."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlmodel import col, select

from dashboard.audit.models import AuditEntry
from dashboard.db import Database

SignInAs = Callable[[str], FlaskClient]


def noted(database: Database) -> list[str]:
    with database.reading() as session:
        entries = session.exec(select(AuditEntry).order_by(col(AuditEntry.sequence))).all()
    return [entry.action for entry in entries if entry.action.startswith("name_search")]


def test_an_owner_switches_it_off_and_on(sign_in: SignInAs, database: Database):
    ada = sign_in("ada")

    for pressed, said in (("no", "Switch it on"), ("no", "Switch it on"), ("yes", "Switch it off")):
        assert ada.post("/settings/name-search", data={"is_on": pressed}).location == "/settings/privacy"
        assert said in ada.get("/settings/privacy").text
        assert ada.get("/settings/privacy.json").get_json()["search_by_name"] is (pressed == "yes")

    assert noted(database) == ["name_search.off", "name_search.on"]
    assert "switched search by name off" in ada.get("/audit").text


@pytest.mark.parametrize("name", ["ben", "cleo"])
def test_nobody_else_does(sign_in: SignInAs, database: Database, name: str):
    assert sign_in(name).post("/settings/name-search", data={"is_on": "no"}).status_code == 403
    assert noted(database) == []
