"""How dates, times and numbers are written for a member: chosen on the account, seen on every page."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, select

from dashboard.audit.models import AuditEntry
from dashboard.config import Settings
from dashboard.db import Database
from dashboard.permissions import Role
from dashboard.team.models import Member
from tests.factories.jobs import make_job
from tests.factories.team import make_member

SignInAs = Callable[[str], FlaskClient]


def choose(client: FlaskClient, language: str, time_zone: str, **more: str):
    return client.post("/account/formats", data={"language": language, "time_zone": time_zone, **more})


def test_a_chosen_zone_and_language_are_kept_and_written_down(sign_in: SignInAs, session: Session):
    client = sign_in("ben")

    answer = choose(client, "fr", "Africa/Lagos")

    assert (answer.status_code, answer.location) == (303, "/account")
    assert session.exec(select(Member.language, Member.time_zone)).one() == ("fr", "Africa/Lagos")
    line = session.exec(select(AuditEntry).where(AuditEntry.action == "member.formats_chosen")).one()
    assert line.details == {"language": "fr", "zone": "Africa/Lagos"}


def test_every_page_is_in_the_zone_of_the_member_and_says_so(sign_in: SignInAs, database: Database):
    created_at = datetime(2026, 1, 15, 23, 30, tzinfo=UTC)
    dan = make_member(database, "dan")
    with database.transaction() as session:
        session.get_one(Member, dan.id).created_at = created_at
    client = sign_in("ada")
    page = f"/team/{dan.id}"
    assert "15 Jan 2026, 23:30:00 UTC" in client.get(page).text
    assert "Times are in UTC." in client.get(page).text

    choose(client, "fr", "Africa/Lagos")

    text = client.get(page).text
    assert "16 janv. 2026, 00:30:00 WAT" in text
    assert f'datetime="{created_at.isoformat()}"' in text
    assert "Times are in Africa/Lagos (UTC+01:00)." in text
    assert client.get(f"{page}.json").get_json()["created_at"] == created_at.isoformat().replace("+00:00", "Z")


def test_countries_follow_the_language(sign_in: SignInAs, database: Database, settings: Settings):
    job = make_job(database, settings, country="ZA")
    client = sign_in("ben")
    assert "South Africa" in client.get(f"/jobs/{job.id}").text

    choose(client, "sw", "UTC")

    assert "Afrika Kusini" in client.get(f"/jobs/{job.id}").text


def test_each_member_has_their_own_and_strangers_have_utc(app: Flask, sign_in: SignInAs, client: FlaskClient):
    choose(sign_in("ben"), "sw", "Africa/Nairobi")

    assert "Times are in UTC." in sign_in("cleo").get("/account").text
    assert "Times are in Africa/Nairobi (UTC+03:00)." in sign_in("ben").get("/account").text


@pytest.mark.parametrize(
    ("language", "time_zone", "field"),
    [
        ("xx", "UTC", "language"),
        ("", "UTC", "language"),
        ("en", "Mars/Olympus", "time_zone"),
        ("en", "../../etc/passwd", "time_zone"),
        ("en", "", "time_zone"),
    ],
)
def test_what_is_not_in_the_list_is_refused(
    sign_in: SignInAs, session: Session, language: str, time_zone: str, field: str
):
    answer = choose(sign_in("ben"), language, time_zone)

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert session.exec(select(Member.language, Member.time_zone)).one() == ("en", "UTC")


@pytest.mark.parametrize("path", ["/account", "/account/formats", "/account/password"])
def test_fields_that_an_account_does_not_offer_change_nothing(sign_in: SignInAs, session: Session, path: str):
    client = sign_in("cleo")
    everything = {
        "name": "Cleo",
        "language": "en",
        "time_zone": "UTC",
        "current": "wrong",
        "password": "another fine long one",
    }

    client.post(
        path,
        data=everything
        | {
            "role": "owner",
            "email": "ada@example.com",
            "id": "0",
            "disabled_at": "",
            "password_hash": "x",
            "member_id": "0",
        },
    )

    member = session.exec(select(Member)).one()
    assert (member.email, member.role, member.disabled_at) == ("cleo@example.com", Role.VIEWER, None)
    assert client.get("/team").status_code == 403
