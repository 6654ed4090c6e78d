"""Form keys: the first press does the work, a further one is led to it, and a press that failed may be repeated."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, func, select

from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.links.models import Link
from dashboard.web.security.form_keys import FIELD, KEPT_FOR, PRESSED_BEFORE, PressedForm, forget_old_presses
from tests.factories.callbacks import deliver, encode, make_payload
from tests.factories.links import make_link

pytestmark = pytest.mark.both_engines
SignIn = Callable[[str], FlaskClient]


@pytest.fixture
def link(app: Flask, database: Database, settings: Settings) -> Link:
    with app.app_context():
        return make_link(database, settings)[0]


def extend(client: FlaskClient, link: Link, days: str = "7", **fields: str) -> int:
    return client.post(f"/links/{link.id}/expiry", data={"days": days} | fields).status_code


def days_longer(database: Database, link: Link) -> int:
    with database.reading() as session:
        return (session.get_one(Link, link.id).expires_at - link.expires_at).days


def test_a_second_press_does_nothing_and_says_so(sign_in: SignIn, database: Database, link: Link):
    ben, key = sign_in("ben"), str(uuid4())

    first = ben.post(f"/links/{link.id}/expiry", data={"days": "7", FIELD: key})
    ben.get(first.location)
    second = ben.post(f"/links/{link.id}/expiry", data={"days": "7", FIELD: key})

    assert second.location == first.location == f"/links/{link.id}"
    assert PRESSED_BEFORE in ben.get(second.location).text
    assert days_longer(database, link) == 7


def test_each_form_that_is_shown_has_a_key_of_its_own(sign_in: SignIn, database: Database, link: Link):
    ben = sign_in("ben")
    pages = [ben.get(f"/links/{link.id}").text for _ in range(2)]

    keys = [piece.partition('"')[0] for page in pages for piece in page.split(f'name="{FIELD}" value="')[1:]]

    assert len(keys) == len(set(keys)) >= 6
    assert [extend(ben, link, **{FIELD: key}) for key in keys[:2]] == [303, 303]
    assert days_longer(database, link) == 14


def test_a_press_that_failed_may_be_repeated(sign_in: SignIn, database: Database, link: Link):
    ben, key = sign_in("ben"), str(uuid4())

    statuses = [extend(ben, link, days, **{FIELD: key}) for days in ("400", "7")]

    assert statuses == [422, 303]
    assert days_longer(database, link) == 7


@pytest.mark.parametrize("key", [{}, {FIELD: ""}, {FIELD: "nonsense"}])
def test_a_program_that_sends_no_key_does_its_work_each_time(
    sign_in: SignIn, database: Database, link: Link, key: dict[str, str]
):
    ben = sign_in("ben")

    assert [extend(ben, link, **key) for _ in range(2)] == [303, 303]

    assert days_longer(database, link) == 14


def test_no_search_is_kept_with_a_key(sign_in: SignIn, client: FlaskClient, session: Session):
    deliver(client, encode(make_payload(job_id="job-of-amina")))
    data = {"q": "job-of-amina", FIELD: str(uuid4())}
    ben = sign_in("ben")

    first, second = (ben.post("/callbacks/processing-runs", data=data) for _ in range(2))

    assert first.location.startswith("/callbacks?q=")
    assert second.location == "/callbacks"
    assert session.exec(select(PressedForm.leads_to)).one() == "/callbacks"


def test_keys_are_forgotten_after_a_day(database: Database, session: Session):
    now = utc_now()
    with database.transaction() as writing:
        for age in (timedelta(0), KEPT_FOR, KEPT_FOR + timedelta(seconds=1)):
            writing.add(PressedForm(key=uuid4(), pressed_at=now - age, leads_to="/jobs"))

    with database.transaction() as writing:
        forget_old_presses(writing, now)

    assert session.exec(select(func.count()).select_from(PressedForm)).one() == 2
