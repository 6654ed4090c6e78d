"""Pressing Start: the page that opens Smile's script, what it needs, and what happens when Smile gives no token."""

import json
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select

from dashboard.app import create_app
from dashboard.config import Settings
from dashboard.context import context_of
from dashboard.db import Database, utc_now
from dashboard.jobs.models import Job, JobState, SendingStep
from dashboard.links.models import LinkStart
from dashboard.smile import Refused, TransportFailed
from tests.conftest import make_settings
from tests.factories.jobs import events_of
from tests.factories.links import TWO_CHOICES, FakeTokens, make_link, reload_link

NewPhone = Callable[[], FlaskClient]
CSRF_FIELD = re.compile(r'name="csrf_token" value="([^"]+)"')
AGREED = {"consent": "yes", "language": "en"}


def only_job(database: Database) -> Job:
    with database.reading() as session:
        return session.exec(select(Job)).one()


def configuration_in(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="smile-config">(.*?)</script>', page, re.DOTALL)
    assert found
    configuration: dict[str, Any] = json.loads(found[1])
    return configuration


def test_start_opens_smiles_script_with_a_fresh_token(phone: FlaskClient, database: Database, settings: Settings):
    link, code = make_link(database, settings)
    phone.get(f"/v/{code}")

    answer = phone.post(f"/v/{code}/start", data=AGREED)

    assert answer.status_code == 200
    assert configuration_in(answer.text)["token"] == "a.web.token"
    assert f'src="{settings.smile_web_script_url}"' in answer.text
    assert "script-src 'self' https://cdn.smileidentity.com;" in answer.headers["Content-Security-Policy"]
    assert 'camera=(self "https://cdn.smileidentity.com")' in answer.headers["Permissions-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    job = only_job(database)
    assert (job.state, job.step, job.link_id) == (JobState.AWAITING_CUSTOMER, SendingStep.PREPARED, link.id)
    assert job.due_at is not None
    assert events_of(database, job) == ["started", "consented", "opened"]


def test_other_pages_keep_the_strict_policy(phone: FlaskClient, database: Database, settings: Settings):
    _, code = make_link(database, settings)

    answer = phone.get(f"/v/{code}")

    assert "cdn.smileidentity.com" not in "".join(answer.headers.values())


def test_what_would_end_the_block_of_the_configuration_cannot(
    phone: FlaskClient, database: Database, settings: Settings
):
    _, code = make_link(database, settings, partner_params={"note": "</script><script>alert(1)</script>"})

    page = phone.post(f"/v/{code}/start", data=AGREED).text

    assert "<script>alert" not in page
    assert configuration_in(page)["partner_params"]["note"] == "</script><script>alert(1)</script>"


@pytest.mark.parametrize("given", [{}, {"consent": ""}, {"consent": "no"}, {"consent": "0"}])
def test_without_consent_nothing_starts(
    phone: FlaskClient, database: Database, settings: Settings, given: dict[str, str]
):
    link, code = make_link(database, settings)

    answer = phone.post(f"/v/{code}/start", data={"language": "fr", **given})

    assert answer.status_code == 422
    assert "<title>Erreur: " in answer.text
    assert "Cochez cette case" in answer.text
    assert 'aria-describedby="consent-error"' in answer.text
    assert reload_link(database, link) == link


def test_without_a_choice_nothing_starts(phone: FlaskClient, database: Database, settings: Settings):
    link, code = make_link(database, settings, choices=TWO_CHOICES)

    answer = phone.post(f"/v/{code}/start", data={**AGREED, "choice": ""})
    chosen = phone.post(f"/v/{code}/start", data={**AGREED, "choice": "1"})

    assert answer.status_code == 422
    assert "Choose what you want to use." in answer.text
    assert chosen.status_code == 200
    assert configuration_in(chosen.text)["id_selection"] == {"GH": ["GHANA_CARD"]}
    assert reload_link(database, link).uses_spent == 1


def test_the_consent_is_kept_as_it_was_read(phone: FlaskClient, database: Database, settings: Settings):
    _, code = make_link(database, settings, language="sw")

    phone.post(f"/v/{code}/start", data={"consent": "on", "language": "sw"})

    with database.reading() as session:
        start = session.exec(select(LinkStart)).one()
    assert start.language == "sw"
    assert start.consent_text == "Nakubali Your company ithibitishe utambulisho wangu kupitia Smile ID."


def test_a_second_press_in_the_same_browser_is_asked_whether_to_go_on(
    phone: FlaskClient, database: Database, settings: Settings, tokens: FakeTokens
):
    link, code = make_link(database, settings)
    phone.post(f"/v/{code}/start", data=AGREED)

    pressed_twice = phone.post(f"/v/{code}/start", data=AGREED)
    went_on = phone.post(f"/v/{code}/start", data={"again": "1", "language": "en"})

    assert pressed_twice.status_code == 409
    assert "You have started already" in pressed_twice.text
    assert went_on.status_code == 200
    assert len(tokens.asked) == 2
    assert tokens.asked[0]["job_id"] == tokens.asked[1]["job_id"] == only_job(database).job_id
    assert reload_link(database, link).uses_spent == 1


def test_another_browser_can_neither_start_nor_go_on(new_phone: NewPhone, database: Database, settings: Settings):
    _, code = make_link(database, settings)
    new_phone().post(f"/v/{code}/start", data=AGREED)

    answers = [new_phone().post(f"/v/{code}/start", data=data) for data in (AGREED, {"again": "1"})]

    assert [answer.status_code for answer in answers] == [404, 404]


FAILURES = {
    "down": (TransportFailed("Smile could not be reached.", maybe_sent=False), "Smile could not be reached."),
    "slow": (TransportFailed("Smile did not answer in time."), "did not answer in time"),
    "in trouble": (Refused(503), "HTTP 503"),
    "refusing the product": (Refused(400, "2217", "Invalid product."), "Invalid product"),
    "refusing the key": (Refused(400, "2205", "You are not authorized."), "API key"),
}


@pytest.mark.parametrize("how", FAILURES)
def test_without_a_token_the_use_is_given_back_and_everybody_learns_what_they_need(
    phone: FlaskClient, database: Database, settings: Settings, tokens: FakeTokens, how: str
):
    link, code = make_link(database, settings)
    tokens.answers, reason = [FAILURES[how][0]], FAILURES[how][1]

    answer = phone.post(f"/v/{code}/start", data=AGREED)

    assert answer.status_code == 503
    assert "Please try again in a few minutes." in answer.text
    assert f'href="/v/{code}?lang=en"' in answer.text
    assert reason not in answer.text
    failed = reload_link(database, link)
    assert failed.uses_spent == 0
    assert reason in (failed.last_error or "")
    assert only_job(database).state == JobState.FAILED


def test_after_a_failure_the_link_works(phone: FlaskClient, database: Database, settings: Settings, tokens: FakeTokens):
    link, code = make_link(database, settings)
    tokens.answers = [Refused(400, "2217"), "second.try"]
    phone.post(f"/v/{code}/start", data=AGREED)

    page = phone.get(f"/v/{code}")
    answer = phone.post(f"/v/{code}/start", data=AGREED)

    assert "Start" in page.text
    assert configuration_in(answer.text)["token"] == "second.try"
    works = reload_link(database, link)
    assert (works.uses_spent, works.last_error) == (1, None)


def test_going_on_without_a_token_keeps_the_verification(
    phone: FlaskClient, database: Database, settings: Settings, tokens: FakeTokens
):
    link, code = make_link(database, settings)
    tokens.answers = ["first", Refused(400, "2205", "You are not authorized."), "third"]
    phone.post(f"/v/{code}/start", data=AGREED)

    failed = phone.post(f"/v/{code}/start", data={"again": "1"})
    went_on = phone.post(f"/v/{code}/start", data={"again": "1"})

    assert (failed.status_code, went_on.status_code) == (503, 200)
    assert "API key" in (reload_link(database, link).last_error or "")
    assert only_job(database).state == JobState.AWAITING_CUSTOMER


def test_submission_has_smile_asked_and_says_thanks(
    phone: FlaskClient, database: Database, settings: Settings, woken: list[tuple[str, UUID]]
):
    _, code = make_link(database, settings)
    phone.post(f"/v/{code}/start", data=AGREED)

    answer = phone.post(f"/v/{code}/submission", data={"language": "fr"})
    page = phone.get(answer.headers["Location"])

    job = only_job(database)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/v/{code}?lang=fr")
    assert "Merci, tout est bien arrivé" in page.text
    assert (job.state, job.outcome) == (JobState.WAITING, None)
    assert job.due_at is not None
    assert job.due_at <= utc_now()
    assert woken == [("jobs.advance", job.id)]


def test_submission_twice_is_one_and_by_a_stranger_none(
    phone: FlaskClient, new_phone: NewPhone, database: Database, settings: Settings
):
    _, code = make_link(database, settings)
    phone.post(f"/v/{code}/start", data=AGREED)

    stranger = new_phone().post(f"/v/{code}/submission")
    state_after_stranger = only_job(database).state
    answers = [phone.post(f"/v/{code}/submission").status_code for _ in range(2)]

    assert stranger.status_code == 404
    assert state_after_stranger == JobState.AWAITING_CUSTOMER
    assert answers == [303, 303]
    assert events_of(database, only_job(database)).count("sent") == 1


def test_a_browser_is_known_only_for_the_link_that_it_started(
    phone: FlaskClient, database: Database, settings: Settings
):
    _, code = make_link(database, settings)
    _, other = make_link(database, settings)
    phone.post(f"/v/{code}/start", data=AGREED)

    assert phone.post(f"/v/{other}/submission").status_code == 404
    assert "You have started already" not in phone.get(f"/v/{other}").text


@pytest.fixture
def strict_phone(app: Flask, tokens: FakeTokens) -> FlaskClient:
    """With the tokens of forms, as a real browser."""
    return app.test_client()


def test_start_works_as_chromium_sends_it_under_no_referrer(
    strict_phone: FlaskClient, database: Database, settings: Settings
):
    _, code = make_link(database, settings)
    field = CSRF_FIELD.search(strict_phone.get(f"/v/{code}").text)
    assert field
    headers = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}

    answer = strict_phone.post(f"/v/{code}/start", data={**AGREED, "csrf_token": field[1]}, headers=headers)

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 400), ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, 403), ({"Origin": "https://evil.example"}, 403)],
)
def test_a_forged_start_spends_nothing_and_is_answered_in_the_customers_words(
    strict_phone: FlaskClient, database: Database, settings: Settings, headers: dict[str, str], status: int
):
    link, code = make_link(database, settings)

    answer = strict_phone.post(f"/v/{code}/start", data=AGREED, headers=headers | {"Accept-Language": "pt"})

    assert answer.status_code == status
    assert "Carregue no botão mais uma vez" in answer.text
    assert reload_link(database, link) == link


def test_the_cookie_is_bound_to_a_host_that_speaks_https(tmp_path: Any, settings: Settings):
    app = create_app(make_settings(tmp_path, database_url=settings.database_url, public_url="https://desk.example.com"))
    _, code = make_link(context_of(app).database, settings)

    with app.test_client() as phone:
        answer = phone.get(f"/v/{code}", base_url="https://desk.example.com")

    cookies = [cookie for cookie in answer.headers.getlist("Set-Cookie") if "visit" in cookie]
    context_of(app).database.dispose()
    assert len(cookies) == 1
    assert cookies[0].startswith("__Host-visit=")
    for attribute in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
        assert attribute in cookies[0]
    assert "Domain" not in cookies[0]
