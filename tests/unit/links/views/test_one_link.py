"""One link's page: its stages with their times, the jobs it led to, what staff can do, its twin."""

from collections.abc import Callable
from datetime import timedelta
from html import unescape
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlmodel import Session, select

from dashboard.audit.models import AuditEntry
from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.jobs.models import JobEvent, JobState, Outcome
from dashboard.jobs.products import FACTS, Product
from dashboard.languages import LANGUAGES
from dashboard.links.codes import digest_of_code
from dashboard.links.models import Link, LinkStart
from tests.factories.links import make_link, make_start, reload_link, use_v3
from tests.unit.links.views.test_new_link import CODE

SignInAs = Callable[[str], FlaskClient]
DONE = {
    "state": JobState.DONE,
    "outcome": Outcome.APPROVED,
    "submitted_at": utc_now(),
    "settled_at": utc_now(),
    "due_at": None,
}
ACTIONS = ("pause", "resumption", "revocation", "expiry", "codes", "reminders")


@pytest.fixture
def link(database: Database, settings: Settings) -> Link:
    return make_link(database, settings, customer_reference="cust-1")[0]


def press(member: FlaskClient, link: Link, action: str, **data: str) -> str:
    answer = member.post(f"/links/{link.id}/{action}", data=data)
    assert answer.status_code == 303, answer.text
    return unescape(member.get(answer.headers["Location"]).text)


def test_page_tells_the_stage_in_words(sign_in: SignInAs, database: Database, settings: Settings):
    ben = sign_in("ben")
    link, code = make_link(database, settings, customer_reference="cust-1")

    created = ben.get(f"/links/{link.id}").text
    make_start(database, settings, code)
    started = ben.get(f"/links/{link.id}").text

    assert 'data-stage="created"' in created
    assert "Nobody has opened the address yet" in created
    assert 'data-stage="started"' in started
    assert "has not finished yet" in started


def test_page_promises_no_time_to_come_of_a_link_that_is_over(
    sign_in: SignInAs, database: Database, settings: Settings
):
    revoked, _ = make_link(database, settings, row={"revoked_at": utc_now()})
    expired, _ = make_link(database, settings, row={"expires_at": utc_now() - timedelta(hours=1)})

    revoked_page, expired_page = (sign_in("ben").get(f"/links/{link.id}").text for link in (revoked, expired))

    assert "Works until" not in revoked_page + expired_page
    assert ">never</span>" in revoked_page
    assert "not yet</span>" not in revoked_page
    assert "Worked until" in expired_page


def test_page_shows_the_jobs_with_the_consent_to_each(sign_in: SignInAs, database: Database, settings: Settings):
    link, code = make_link(database, settings)
    job = make_start(database, settings, code, **DONE)

    page = unescape(sign_in("ben").get(f"/links/{link.id}").text)

    assert f'href="/jobs/{job.id}"' in page
    assert "I agree." in page
    assert "Consent, English" in page
    assert "Approved" in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_that_are_copied_hold_no_escapes(sign_in: SignInAs, database: Database, language: str):
    ben = sign_in("ben")
    asked = {"product": "document_verification", "uses": "1", "expires_in_days": "7", "language": language}

    page = ben.get(ben.post("/links", data=asked).location).text

    assert "\\u" not in page
    message = page.partition('id="share-message"')[2].partition("</textarea>")[0]
    assert ("\u2068Your company\u2069" if language == "ar" else "Your company") in message


def test_consent_of_before_is_shown_without_its_marks(sign_in: SignInAs, database: Database, settings: Settings):
    link, code = make_link(database, settings)
    job = make_start(database, settings, code)
    with database.transaction() as session:
        start = session.exec(select(LinkStart)).one()
        start.consent_text, start.language = "أوافق على أن \u2068Kora Bank\u2069", "ar"
        event = session.exec(select(JobEvent).where(JobEvent.kind == "consented")).one()
        event.facts = {"language": "ar", "agreed": start.consent_text}
    ben = sign_in("ben")

    pages = [ben.get(address).text for address in (f"/links/{link.id}", f"/jobs/{job.id}")]

    assert all("أوافق على أن Kora Bank" in page for page in pages)


def test_a_result_is_told_as_its_job_tells_it_and_nothing_is_offered_any_more(
    sign_in: SignInAs, database: Database, settings: Settings
):
    link, code = make_link(database, settings)
    job = make_start(database, settings, code, **(DONE | {"outcome": Outcome.REJECTED}))
    ben = sign_in("ben")

    page = ben.get(f"/links/{link.id}").text
    late = press(ben, link, "pause")

    assert FACTS[job.product].rejected in page
    assert "<strong>Next:</strong> Ask the customer for a second try" in page
    assert not any(f"/links/{link.id}/{action}" in page for action in ACTIONS if action != "codes")
    assert "Let the customer try again" in page
    assert "The customer has finished in the meantime, so there is nothing to pause." in late
    assert 'data-stage="result"' in late


def test_what_can_be_done_is_part_of_what_is_asked_for_again(sign_in: SignInAs, database: Database, link: Link):
    ben = sign_in("ben")
    press(ben, link, "pause")

    live = ben.get(f"/links/{link.id}/status?seen=0").text

    assert f'action="/links/{link.id}/resumption"' in live
    assert f'action="/links/{link.id}/pause"' not in live


def test_consent_stands_on_the_timeline_of_the_job(sign_in: SignInAs, database: Database, settings: Settings):
    _, code = make_link(database, settings)
    job = make_start(database, settings, code)

    page = unescape(sign_in("ben").get(f"/jobs/{job.id}").text)

    assert "The customer agreed, in English: I agree." in page
    assert f'href="/links/{job.link_id}"' in page


def test_status_is_asked_for_again_only_when_something_changed(
    sign_in: SignInAs, database: Database, settings: Settings
):
    ben = sign_in("ben")
    link, code = make_link(database, settings)
    version = ben.get(f"/links/{link.id}").text.partition("seen=")[2].partition('"')[0]

    before = ben.get(f"/links/{link.id}/status?seen={version}")
    make_start(database, settings, code)
    after = ben.get(f"/links/{link.id}/status?seen={version}")

    assert (before.status_code, after.status_code) == (204, 200)
    assert 'data-stage="started"' in after.text


def test_link_is_paused_resumed_extended_and_revoked(sign_in: SignInAs, database: Database, link: Link):
    ben = sign_in("ben")

    assert 'data-stage="paused"' in press(ben, link, "pause")
    assert 'data-stage="created"' in press(ben, link, "resumption")
    press(ben, link, "expiry", days="30")
    assert reload_link(database, link).expires_at == link.expires_at + timedelta(days=30)
    revoked = press(ben, link, "revocation")

    assert 'data-stage="revoked"' in revoked
    assert not any(f"/links/{link.id}/{action}" in revoked for action in ACTIONS)


def test_sending_again_shows_another_address_once(sign_in: SignInAs, database: Database, link: Link):
    ben = sign_in("ben")

    page = press(ben, link, "codes")

    code = CODE.findall(page)[0]
    assert digest_of_code(code) == reload_link(database, link).code_digest != link.code_digest
    assert code not in ben.get(f"/links/{link.id}").text


@pytest.mark.parametrize("days", ["0", "91", "", "x"])
def test_extension_out_of_bounds_is_refused(sign_in: SignInAs, database: Database, link: Link, days: str):
    answer = sign_in("ben").post(f"/links/{link.id}/expiry", data={"days": days})

    assert answer.status_code == 422
    assert reload_link(database, link).expires_at == link.expires_at


def test_press_that_comes_too_late_is_told_so(sign_in: SignInAs, database: Database, link: Link):
    ben = sign_in("ben")
    press(ben, link, "revocation")

    pages = [press(ben, link, action, days="1") for action in ACTIONS]

    assert all('role="alert">This link was revoked for good.' in page for page in pages)
    assert all('data-stage="revoked"' in page for page in pages)


def test_link_that_was_opened_and_forgotten_offers_to_be_sent_again(
    sign_in: SignInAs, database: Database, settings: Settings
):
    link, _ = make_link(database, settings, row={"opened_at": utc_now() - timedelta(hours=2)})

    page = sign_in("ben").get(f"/links/{link.id}").text

    assert '<details class="remind" open>' in page
    assert "The customer has not finished for a while." in page


def test_what_is_filled_in_is_shown_by_a_press_that_the_trail_records(
    sign_in: SignInAs, database: Database, settings: Settings, session: Session
):
    link, _ = make_link(
        database, settings, product=Product.BIOMETRIC_KYC, id_type="BVN", prefill={"id_number": "12345678901"}
    )
    ben = sign_in("ben")

    page = ben.get(f"/links/{link.id}").text
    revealed = ben.post(f"/links/{link.id}/reveals", data={"reason": "customer asked"}).text

    assert "12345678901" not in page
    assert "ID number" in page
    assert "12345678901" in revealed
    assert "link.revealed" in [
        entry.action for entry in session.exec(select(AuditEntry).order_by(AuditEntry.sequence)).all()
    ]


def test_viewer_sees_but_changes_nothing(sign_in: SignInAs, database: Database, link: Link):
    cleo = sign_in("cleo")

    page = cleo.get(f"/links/{link.id}")
    answers = [cleo.post(f"/links/{link.id}/{action}", data={"days": "1"}) for action in (*ACTIONS, "reveals")]

    assert page.status_code == 200
    assert not any(f'action="/links/{link.id}/{action}"' in page.text for action in (*ACTIONS, "reveals"))
    assert {answer.status_code for answer in answers} == {403}


def test_twin_tells_the_same_facts_and_no_code(sign_in: SignInAs, database: Database, settings: Settings):
    link, code = make_link(database, settings, customer_reference="cust-1")
    job = make_start(database, settings, code, **DONE)

    twin = sign_in("cleo").get(f"/links/{link.id}.json").json

    assert (twin["id"], twin["stage"], twin["outcome"]) == (str(link.id), "result", "approved")
    assert (twin["uses_spent"], twin["uses_allowed"], twin["customer_reference"]) == (1, 1, "cust-1")
    assert twin["jobs"][0]["id"] == str(job.id)
    assert twin["jobs"][0]["link_id"] == str(link.id)
    assert twin["jobs"][0]["consent"]["text"] == "I agree."
    assert code not in str(twin)
    assert link.code_digest not in str(twin)


@pytest.mark.parametrize("address", ["", ".json", "/status"])
def test_no_such_link_and_one_of_another_environment(
    sign_in: SignInAs, database: Database, settings: Settings, address: str
):
    ben = sign_in("ben")
    elsewhere, _ = make_link(database, settings, row={"environment": "production"})

    assert ben.get(f"/links/{uuid4()}{address}").status_code == 404
    assert ben.get(f"/links/{elsewhere.id}{address}").status_code == 404


def test_signed_out_sees_nothing(client: FlaskClient, link: Link):
    assert client.get(f"/links/{link.id}").status_code == 303
    assert client.get(f"/links/{link.id}.json").status_code in (303, 401)
    assert client.post(f"/links/{link.id}/revocation").status_code == 303


def test_link_of_v3_says_what_only_the_browser_claims(sign_in: SignInAs, database: Database, settings: Settings):
    use_v3(database, settings)
    ben, pages = sign_in("ben"), []
    claimed = {"state": JobState.WAITING, "submitted_at": utc_now()}
    for job in ({}, claimed, claimed | {"smile_job_id": "job_01j9q2v5m8f3k7r1t4w6x0y2za"}):
        link, code = make_link(database, settings)
        make_start(database, settings, code, **job)
        pages.append(unescape(ben.get(f"/links/{link.id}").text))
        assert ben.get(f"/links/{link.id}.json").json["api"] == "v3"

    started, sent, known = pages
    assert "Neither their browser nor Smile has said that they finished" in started
    assert "it is not known yet whether it has arrived" in sent
    assert "Everything was submitted to Smile" not in sent
    assert "Smile is working on it" in known
    assert "Everything was submitted to Smile" in known
