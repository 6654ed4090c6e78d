"""Who looked at whom: nothing that shows a person is served without a line, and none is shown without a reason."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, col, select

from dashboard.audit.models import AuditEntry
from dashboard.callbacks.models import Callback
from dashboard.config import Settings
from dashboard.db import Database
from dashboard.jobs.models import Image, Job
from dashboard.jobs.products import Product
from tests.factories.callbacks import deliver, encode, make_payload
from tests.factories.jobs import BVN, make_job
from tests.factories.links import make_link
from tests.unit.callbacks.test_inspector import png

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]
PERSON = (BVN, "Amina", "Bello", "Canarina Quetzalova", "12345678901")
ANSWER = {"reason": "support case"}


@pytest.fixture
def job(app: Flask, client: FlaskClient, database: Database, settings: Settings) -> Job:
    """A job of a person, with two callbacks that show her and a link that was filled in for her."""
    with app.app_context():
        job = make_job(database, settings, asks={"job_id": "job-1"})
    for seconds in (1, 2):
        payload = make_payload(
            FullName="Canarina Quetzalova", IDNumber=BVN, Photo=png((200, 200)), ConfidenceValue=seconds
        )
        assert deliver(client, encode(payload)).status_code in (200, 401)
    return job


@pytest.fixture
def addresses(database: Database, settings: Settings, job: Job) -> dict[str, str]:
    link, _ = make_link(
        database, settings, product=Product.BIOMETRIC_KYC, id_type="BVN", prefill={"id_number": "12345678901"}
    )
    with database.reading() as session:
        first, second = session.exec(select(Callback.id).order_by(col(Callback.id))).all()
        pictures = session.exec(select(Image.id).where(Image.job_id == job.id).order_by(Image.id)).all()
    return {
        "job": f"/jobs/{job.id}",
        "callback": f"/callbacks/{first}",
        "compare": f"/callbacks/{first}/compare/{second}",
        "link": f"/links/{link.id}",
        "again": f"/jobs/new?again={job.id}",
        "picture": f"/jobs/{job.id}/images/{pictures[0]}",
        "picture of callback": f"/callbacks/{first}/images/1",
        "body": f"/callbacks/{first}/body",
    }


def looks(session: Session) -> list[AuditEntry]:
    session.rollback()
    lines = session.exec(select(AuditEntry).order_by(col(AuditEntry.sequence))).all()
    return [line for line in lines if line.action not in ("member.signed_in", "job.created", "link.created")]


def test_pages_and_their_twins_show_no_person_and_leave_no_line(
    sign_in: SignInAs, session: Session, addresses: dict[str, str]
):
    ada = sign_in("ada")

    pages = ["/jobs", "/jobs.csv", "/links", "/callbacks", "/audit"]
    pages += [addresses[name] for name in ("job", "callback", "compare", "link")]
    for page in pages:
        for suffix in ("", ".json") if "." not in page else ("",):
            text = ada.get(page + suffix).text
            assert [value for value in PERSON if value in text] == [], page + suffix

    assert [line.action for line in looks(session)] == ["jobs.exported"]


@pytest.mark.parametrize(
    ("what", "action", "shows"),
    [
        ("job", "job.revealed", BVN),
        ("callback", "callback.revealed", "Canarina Quetzalova"),
        ("compare", "callback.compared", "Canarina Quetzalova"),
        ("link", "link.revealed", "12345678901"),
    ],
)
def test_a_reveal_needs_a_reason_and_keeps_it(
    sign_in: SignInAs, session: Session, addresses: dict[str, str], what: str, action: str, shows: str
):
    ben, address = sign_in("ben"), f"{addresses[what]}/reveals"
    nothing: list[Any] = [
        {},
        {"reason": ""},
        {"reason": "curious"},
        {"reason": "other"},
        {"reason": "other", "note": " "},
    ]
    nothing.append({"reason": "review", "note": "x" * 201})

    refused = [ben.post(address, data=data) for data in nothing]
    part = ben.post(address, data={"reason": "other"}, headers={"HX-Request": "true"})
    assert looks(session) == []
    given = ben.post(address, data={"reason": "other", "note": "The bank called"})

    for answer in (*refused, part):
        assert answer.status_code == 422
        assert "field-error" in answer.text
        assert [value for value in PERSON if value in answer.text] == []
    assert 'value="review" selected' in refused[-1].text
    assert "x" * 201 in refused[-1].text
    assert "<html" not in part.text
    assert (given.status_code, shows in given.text) == (200, True)
    assert {(line.action, line.who) for line in looks(session)} == {(action, "ben@example.com")}
    assert looks(session)[0].details == {"reason": "other", "note": "The bank called"}


@pytest.mark.parametrize("what", ["job", "callback", "compare", "link"])
def test_a_viewer_reveals_nothing_and_is_offered_nothing(
    sign_in: SignInAs, session: Session, addresses: dict[str, str], what: str
):
    cleo = sign_in("cleo")

    assert cleo.post(f"{addresses[what]}/reveals", data=ANSWER).status_code == 403
    assert "Why are you looking?" not in cleo.get(addresses[what]).text
    assert looks(session) == []


def test_as_many_pictures_are_in_the_trail_as_were_served(
    sign_in: SignInAs, session: Session, addresses: dict[str, str]
):
    served = 0
    for name in ("ben", "cleo", "ada"):
        client = sign_in(name)
        for address in (addresses["picture"], addresses["picture of callback"], f"{addresses['callback']}/images/9"):
            for _ in range(3):
                answer = client.get(address)
                served += answer.status_code == 200 and answer.mimetype == "image/jpeg"
        served += (
            client.get(addresses["picture"].rpartition("/")[0] + "/01a20000-0000-7000-8000-000000000000").status_code
            == 200
        )

    logged = [line for line in looks(session) if line.action in ("image.viewed", "callback.image_viewed")]
    print(f"pictures served: {served}, in the trail: {len(logged)}")
    assert served == len(logged) == 12


@pytest.mark.parametrize(("what", "action"), [("again", "job.copied"), ("body", "callback.downloaded")])
def test_a_copy_and_a_download_are_in_the_trail(
    sign_in: SignInAs, session: Session, addresses: dict[str, str], what: str, action: str
):
    assert BVN in sign_in("ada").get(addresses[what]).text

    assert [line.action for line in looks(session)] == [action]


def test_an_owner_finds_who_looked_at_a_customer_from_the_job(
    sign_in: SignInAs, addresses: dict[str, str], job: Job, session: Session
):
    ben = sign_in("ben")
    for what in ("job", "callback"):
        ben.post(f"{addresses[what]}/reveals", data=ANSWER)
    ben.get(addresses["picture"])
    assert "Who looked at this customer" not in ben.get(addresses["job"]).text
    ada = sign_in("ada")

    link = f"/audit?subject=job+{job.id}&what=looks"
    found = ada.get(link.replace("/audit?", "/audit.json?")).get_json()["items"]

    assert link.replace("&", "&amp;") in ada.get(addresses["job"]).text
    told = ["image.viewed", "callback.revealed", "job.revealed"]
    of_callback = session.exec(select(Callback.job_id).where(col(Callback.job_id).is_not(None))).first() is not None
    assert [item["action"] for item in found] == (told if of_callback else [told[0], told[2]])
