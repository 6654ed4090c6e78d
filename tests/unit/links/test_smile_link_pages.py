"""The pages of Smile Links: made from the form, shown, counted, disabled; every trouble of Smile is told in words."""

from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, select

from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.links.models import ASKING_ENDS_AFTER, Link, LinkKind
from dashboard.smile import Refused, TransportFailed
from tests.factories.links import make_link, reload_link
from tests.factories.smile_links import MADE, FakeSmileLinks, fake_smile, make_smile_link

SignInAs = Callable[[str], FlaskClient]
FORM = {"kind": "smile", "choice": "NG:PASSPORT:doc_verification", "expires_in_days": "90", "uses": "1"}
LOST = TransportFailed("Smile did not answer in time.")
REFUSED = Refused(400, "2205", "You are not authorized to do that.")
ACTIONS = ("creation", "disabling", "counters")


@pytest.fixture
def smile(app: Flask) -> FakeSmileLinks:
    return fake_smile(app, FakeSmileLinks())


def send(member: FlaskClient, address: str, **data: Any) -> str:
    """The page that a press leads to."""
    answer = member.post(address, data=data)
    assert answer.status_code == 303, answer.text
    return unescape(member.get(answer.headers["Location"]).text)


def the_link(session: Session) -> Link:
    return session.exec(select(Link).where(Link.kind == LinkKind.SMILE)).one()


def test_form_offers_smiles_own_length_and_ways_to_check(sign_in: SignInAs):
    page = unescape(sign_in("ben").get("/links/new?kind=smile").text)

    assert "New Smile Link" in page
    assert 'value="enhanced_kyc"' in page
    assert 'value="basic_kyc"' not in page
    assert "smartselfie" not in page


def test_choices_are_put_together_without_script(sign_in: SignInAs):
    ben = sign_in("ben")
    chosen = {"kind": "smile", "method": "biometric_kyc", "country": "NG", "id_type": "BVN"}
    hidden = 'name="choice" value="NG:BVN:biometric_kyc"'

    added = ben.post("/links/new", data=chosen | {"add": "1"}).text
    choice = "NG:BVN:biometric_kyc"
    removed = ben.post("/links/new", data=chosen | {"choice": choice, "remove": choice}).text

    assert hidden in added
    assert 'name="expires_in_days" type="number" value="90"' in added
    assert hidden not in removed


def test_new_link_is_made_at_smile_and_shown(sign_in: SignInAs, smile: FakeSmileLinks, session: Session):
    page = send(sign_in("ben"), "/links", **FORM, customer_reference="cust-1")

    link = the_link(session)
    assert (link.smile_ref_id, link.uses_allowed) == ("ref-1", 1)
    assert "https://links.example/002/ref-1" in page
    assert "Passport" in page
    assert smile.calls("create") == 1


def test_double_click_makes_one_link(sign_in: SignInAs, smile: FakeSmileLinks):
    ben, key = sign_in("ben"), str(uuid4())

    send(ben, "/links", **FORM, form_key=key)
    page = send(ben, "/links", **FORM, form_key=key)

    assert "https://links.example/002/ref-1" in page
    assert smile.calls("create") == 1


def test_form_without_an_id_type_comes_back(sign_in: SignInAs, smile: FakeSmileLinks):
    answer = sign_in("ben").post("/links", data=FORM | {"choice": "", "customer_reference": "cust-1"})

    assert answer.status_code == 422
    assert "Add at least one ID type" in answer.text
    assert smile.asked == []


def test_one_id_type_is_checked_in_one_way(sign_in: SignInAs, smile: FakeSmileLinks):
    both = ["NG:PASSPORT:doc_verification", "NG:PASSPORT:biometric_kyc", "NG:BVN:biometric_kyc", "NG:BVN:enhanced_kyc"]

    answer = sign_in("ben").post("/links", data=FORM | {"choice": both})

    assert answer.status_code == 422
    assert "Each ID type can be checked in one way only." in answer.text
    assert smile.asked == []


def test_refusal_is_told_and_can_be_tried_again(sign_in: SignInAs, app: Flask, session: Session, settings: Settings):
    fake_smile(app, FakeSmileLinks([REFUSED]))
    ben = sign_in("ben")

    page = send(ben, "/links", **FORM)
    made = send(ben, f"/links/{the_link(session).id}/creation")

    assert "Smile did not make it." in page
    assert "Not made" in page
    assert "Check in the settings that the API key" in page
    assert "Try again" in page
    assert "https://links.example/002/ref-1" in made


def test_lost_answer_is_told_and_what_smile_has_is_taken_over(sign_in: SignInAs, app: Flask, session: Session):
    smile = fake_smile(app, FakeSmileLinks(lost=LOST))
    ben = sign_in("ben")

    page = send(ben, "/links", **FORM)
    listed = ben.get("/links").text
    found = send(ben, f"/links/{the_link(session).id}/creation")

    assert "it is not known whether the link was made" in page
    assert "Not made" in listed
    assert "https://links.example/002/ref-1" in found
    assert [name for name, _ in smile.asked] == ["create", "list"]


def test_creation_under_way_is_not_begun_again(
    sign_in: SignInAs, database: Database, settings: Settings, smile: FakeSmileLinks
):
    link = make_smile_link(database, settings, row={"smile_asked_at": utc_now()})

    page = send(sign_in("ben"), f"/links/{link.id}/creation")

    assert "Smile is being asked to make it." in page
    assert "Try again" not in page
    assert smile.asked == []


def test_creation_of_a_killed_process_can_be_tried_again(
    sign_in: SignInAs, database: Database, settings: Settings, smile: FakeSmileLinks
):
    link = make_smile_link(database, settings, row={"smile_asked_at": utc_now() - ASKING_ENDS_AFTER})

    page = send(sign_in("ben"), f"/links/{link.id}/creation")

    assert "https://links.example/002/ref-1" in page
    assert [name for name, _ in smile.asked] == ["list", "create"]


def test_link_that_was_not_made_can_be_given_up(
    sign_in: SignInAs, database: Database, settings: Settings, smile: FakeSmileLinks
):
    link = make_smile_link(database, settings, row={"last_error": "Smile refused this."})

    page = send(sign_in("ben"), f"/links/{link.id}/disabling")

    assert "Given up" in page
    assert "Try again" not in page
    assert smile.asked == []


def test_counters_are_read_when_the_page_is_opened_and_on_a_press(
    sign_in: SignInAs, database: Database, settings: Settings, smile: FakeSmileLinks
):
    ben = sign_in("ben")
    smile.counters = {"total_jobs": 41, "successful_jobs": 37, "failed_jobs": 4}
    link = make_smile_link(database, settings, row=MADE)

    opened = ben.get(f"/links/{link.id}").text
    piece = ben.post(f"/links/{link.id}/counters", headers={"HX-Request": "true"}).text
    again = send(ben, f"/links/{link.id}/counters")
    listed = ben.get("/links").text

    assert 'hx-trigger="load, submit"' in opened
    assert "Not read yet." in opened
    assert "<html" not in piece
    assert "<dd>41</dd>" in piece
    assert 'hx-trigger="submit"' in piece
    assert 'hx-trigger="submit"' in again  # what was read just now is not asked for once more
    assert "Submitted" in again
    assert "<td>41</td>" in listed


def test_counters_that_cannot_be_read_keep_what_was_known(
    sign_in: SignInAs, database: Database, settings: Settings, app: Flask
):
    smile = fake_smile(app, FakeSmileLinks([LOST]))
    link = make_smile_link(database, settings, row=MADE | {"smile_total_jobs": 41})

    piece = sign_in("ben").post(f"/links/{link.id}/counters", headers={"HX-Request": "true"}).text

    assert "Smile did not answer in time." in piece
    assert "<dd>41</dd>" in piece
    assert smile.calls("get") == 1


def test_link_is_disabled_at_smile(sign_in: SignInAs, database: Database, settings: Settings, smile: FakeSmileLinks):
    link = make_smile_link(database, settings, row=MADE)

    page = send(sign_in("ben"), f"/links/{link.id}/disabling")

    assert smile.asked == [("disable", "ref-1")]
    assert "Nobody can open it any more" in page
    assert reload_link(database, link).revoked_at is not None


@pytest.mark.parametrize("trouble", [LOST, REFUSED])
def test_link_counts_as_disabled_only_when_smile_says_so(
    sign_in: SignInAs, database: Database, settings: Settings, app: Flask, trouble: Exception
):
    fake_smile(app, FakeSmileLinks([trouble]))
    ben, link = sign_in("ben"), make_smile_link(database, settings, row=MADE)

    page = send(ben, f"/links/{link.id}/disabling")
    still_works = reload_link(database, link).revoked_at is None
    send(ben, f"/links/{link.id}/disabling")

    assert "the link may still work" in page
    assert still_works
    assert reload_link(database, link).revoked_at is not None


def test_link_tells_the_same_as_json(sign_in: SignInAs, database: Database, settings: Settings):
    link = make_smile_link(database, settings, row=MADE | {"smile_total_jobs": 2})

    twin = sign_in("cleo").get(f"/links/{link.id}.json").json

    assert twin is not None
    assert (twin["kind"], twin["smile_ref_id"], twin["smile_total_jobs"]) == ("smile", "ref-1", 2)
    assert twin["stage"] == "submitted"
    assert link.code_digest not in str(twin)


def test_viewer_reads_but_presses_nothing(
    sign_in: SignInAs, database: Database, settings: Settings, smile: FakeSmileLinks
):
    cleo, link = sign_in("cleo"), make_smile_link(database, settings, row=MADE)

    page = cleo.get(f"/links/{link.id}").text
    answers = [cleo.post(f"/links/{link.id}/{action}").status_code for action in ACTIONS]

    assert "https://links.example/002/ref-1" in page
    assert "hx-trigger" not in page.partition("Counted by Smile")[2]
    assert "Disable this link" not in page
    assert answers == [403] * len(ACTIONS)
    assert smile.asked == []


@pytest.mark.parametrize("action", ACTIONS)
def test_signed_out_is_sent_to_the_door(
    client: FlaskClient, database: Database, settings: Settings, smile: FakeSmileLinks, action: str
):
    link = make_smile_link(database, settings, row=MADE)

    answer = client.post(f"/links/{link.id}/{action}")

    assert answer.headers["Location"].startswith("/sign-in")
    assert smile.asked == []


@pytest.mark.parametrize("action", ACTIONS)
def test_link_of_the_other_kind_has_none_of_this(
    sign_in: SignInAs, database: Database, settings: Settings, smile: FakeSmileLinks, action: str
):
    hosted, _ = make_link(database, settings)
    ben = sign_in("ben")

    answers = [ben.post(f"/links/{link_id}/{action}").status_code for link_id in (hosted.id, uuid4())]

    assert answers == [404, 404]
    assert smile.asked == []


@pytest.mark.parametrize("action", ["pause", "resumption", "revocation", "expiry", "codes"])
def test_what_hosted_links_can_do_is_refused(
    sign_in: SignInAs, database: Database, settings: Settings, smile: FakeSmileLinks, action: str
):
    link = make_smile_link(database, settings, row=MADE)

    answer = sign_in("ben").post(f"/links/{link.id}/{action}", data={"days": "7"}, follow_redirects=True)

    assert "Smile keeps this Smile Link" in answer.text
    assert reload_link(database, link).code_digest == link.code_digest


def test_link_whose_time_is_over_says_so(sign_in: SignInAs, database: Database, settings: Settings):
    link = make_smile_link(database, settings, row=MADE | {"expires_at": utc_now() - timedelta(days=1)})

    page = sign_in("ben").get(f"/links/{link.id}").text

    assert 'data-stage="expired"' in page
