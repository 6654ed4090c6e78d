"""Whether Smile takes our key is asked now and then, over real HTTP, and kept for whoever wants to know."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from dashboard.config import Settings
from dashboard.context import context_of
from dashboard.db import Database, utc_now
from dashboard.jobs import tasks
from dashboard.jobs.following.smile_answers import ask_smile, read_last_contact
from dashboard.jobs.products import Product
from dashboard.jobs.smile_api.clients import ClientFactory
from dashboard.smile_keys import ApiKey, ApiKeys
from tests.factories.jobs import make_job
from tests.unit.smile.fake_smile import API_KEY, Answer, FakeSmile

pytestmark = [pytest.mark.both_engines, pytest.mark.usefixtures("in_app")]
KEYS = ApiKeys(ApiKey(1, API_KEY), (ApiKey(1, API_KEY),))
PATH = "POST /v1/products_config"


@pytest.fixture
def smile() -> FakeSmile:
    return FakeSmile()


def at(settings: Settings, smile: FakeSmile) -> Settings:
    return settings.model_copy(update={"smile_server": smile.url})


@pytest.mark.parametrize(
    ("answer", "was_answered", "is_refused"),
    [
        (Answer({"idSelection": {}}), True, False),
        (Answer({"error": "Authentication failed", "code": "2205"}, 401), True, True),
        (Answer({}, 503), False, False),
        (Answer(drop=True), False, False),
    ],
    ids=["fine", "refused", "down", "dropped"],
)
def test_answer_says_whether_the_key_works(
    settings: Settings, smile: FakeSmile, answer: Answer, was_answered: bool, is_refused: bool
):
    smile.answers[PATH] = answer

    said = ask_smile(at(settings, smile), KEYS)

    smile.close()
    assert (said.was_answered, said.is_refused) == (was_answered, is_refused)


def test_clock_of_the_answer_is_compared_with_ours(
    settings: Settings, smile: FakeSmile, monkeypatch: pytest.MonkeyPatch
):
    smile.answers[PATH] = Answer({"idSelection": {}})
    # Our own clock is seven minutes behind that of the server.
    monkeypatch.setattr("dashboard.jobs.following.smile_answers.utc_now", lambda: utc_now() - timedelta(minutes=7))

    said = ask_smile(at(settings, smile), KEYS)

    smile.close()
    assert said.clock_offset_seconds is not None
    assert 410 < said.clock_offset_seconds < 425


def test_worker_keeps_the_last_answer(database: Database):
    tasks.ask_smile(utc_now())
    with database.reading() as session:
        first = read_last_contact(session)
    tasks.ask_smile(utc_now())

    assert first is not None
    assert not first.was_answered  # nothing listens there
    with database.reading() as session:
        again = read_last_contact(session)
    assert again is not None
    assert again.asked_at > first.asked_at


def test_silence_that_a_job_meets_is_kept_at_once_until_smile_answers_again(
    app: Flask, database: Database, settings: Settings, smile: FakeSmile
):
    reached = at(settings, smile)
    replace(context_of(app), settings=reached, smile_clients=ClientFactory(reached)).install(app)

    def is_answering() -> bool | None:
        with database.reading() as session:
            last = read_last_contact(session)
        return last.was_answered if last else None

    smile.answers[PATH] = Answer({"idSelection": {}})
    tasks.ask_smile(utc_now())
    at_first = is_answering()

    smile.answers = {"POST /v1/id_verification": Answer(drop=True), PATH: Answer(drop=True)}
    tasks.advance(make_job(database, settings, Product.ENHANCED_KYC).id)
    in_silence, asked = is_answering(), len(smile.requests)
    tasks.advance(make_job(database, settings, Product.ENHANCED_KYC).id)
    asked_for_the_second_job = len(smile.requests) - asked

    smile.answers[PATH] = Answer({"idSelection": {}})
    tasks.ask_smile_while_something_is_wrong(utc_now())
    smile.close()

    assert (at_first, in_silence, is_answering()) == (True, False, True)
    assert asked_for_the_second_job == 1


def test_nobody_asks_again_while_all_is_well(database: Database, app: Flask, settings: Settings, smile: FakeSmile):
    reached = at(settings, smile)
    replace(context_of(app), settings=reached, smile_clients=ClientFactory(reached)).install(app)
    smile.answers[PATH] = Answer({"idSelection": {}})
    tasks.ask_smile(utc_now())
    asked = len(smile.requests)

    tasks.advance(make_job(database, settings, Product.ENHANCED_KYC).id)
    tasks.ask_smile_while_something_is_wrong(utc_now())

    smile.close()
    assert [request.path for request in smile.requests[asked:]] == ["/v1/id_verification"]
