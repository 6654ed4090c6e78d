"""What the health checks say about v3: whether it could be used, and whether it has what it needs where it is used."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dashboard.db import Database, utc_now
from dashboard.health import smile_apis
from dashboard.health_checks import CheckContext, State
from dashboard.jobs.following.smile_answers import SmileContact, V3Answer, ask_smile, read_last_contact, save_contact
from dashboard.jobs.products import Product
from dashboard.jobs.smile_api.api_choice import choose_apis
from dashboard.smile.constants import SmileApi
from dashboard.smile_keys import read_keys
from dashboard.stored_settings import Branding, write_branding
from tests.unit.health.test_health_checks import stage
from tests.unit.smile.fake_smile import API_KEY, Answer, FakeSmile

pytestmark = pytest.mark.both_engines
__all__ = ["stage"]  # the fixture

Stage = Callable[..., CheckContext]
POLICY = "https://kora.example/privacy"


@pytest.fixture
def smile() -> Iterator[FakeSmile]:
    fake = FakeSmile()
    fake.answers["POST /v1/products_config"] = Answer({"idSelection": {}})
    fake.answers["POST /v3/token"] = Answer({"token": "a.token.of.v3"})
    fake.answers["GET /v3/services/supported_id_types"] = Answer({"id_types": [{"country": "NG", "type": "BVN"}]})
    yield fake
    fake.close()


def use_v3(database: Database, context: CheckContext, policy: str = POLICY) -> None:
    with database.transaction() as session:
        choose_apis(session, context.settings, {Product.ENHANCED_KYC: SmileApi.V3}, utc_now())
        write_branding(session, Branding(policy_url=policy), utc_now())


@pytest.mark.parametrize(
    ("answer", "unused", "used"),
    [
        (None, State.UNKNOWN, State.UNKNOWN),
        (V3Answer.NOT_ASKED, State.UNKNOWN, State.UNKNOWN),
        (V3Answer.SILENT, State.UNKNOWN, State.BAD),
        (V3Answer.REFUSED, State.UNSET, State.BAD),
        (V3Answer.WITHOUT_LISTS, State.UNKNOWN, State.WARN),
        (V3Answer.FINE, State.OK, State.OK),
    ],
)
def test_what_v3_answers_matters_where_it_is_used(
    stage: Stage, database: Database, answer: V3Answer | None, unused: State, used: State
):
    contact = SmileContact(utc_now(), was_answered=True, v3=answer) if answer is not None else None
    before = smile_apis.v3_answers(stage(smile=contact))
    use_v3(database, stage())
    after = smile_apis.v3_answers(stage(smile=contact))

    assert (before.state, after.state) == (unused, used)
    assert bool(after.advice) == (used in (State.BAD, State.WARN))


@pytest.mark.parametrize(
    ("policy", "changes", "state"),
    [
        (POLICY, {}, State.OK),
        ("", {}, State.BAD),
        ("http://localhost/privacy", {}, State.BAD),
        (POLICY, {"smile_server": "http://api.example.com/v1"}, State.BAD),
        (POLICY, {"public_url": "http://desk.example.com"}, State.BAD),
        (POLICY, {"public_url": "http://localhost:8000"}, State.BAD),
        (POLICY, {"public_url": "http://localhost:8000", "smile_server": "http://127.0.0.1:8001/v1"}, State.OK),
    ],
)
def test_what_uses_v3_is_named_with_what_it_lacks(
    stage: Stage, database: Database, policy: str, changes: dict[str, Any], state: State
):
    before = smile_apis.which_api(stage(**changes))
    use_v3(database, stage(), policy)

    finding = smile_apis.which_api(stage(**changes))

    assert before.state == State.OK
    assert finding.state == state
    assert "Enhanced KYC" in finding.sentence
    assert "Biometric KYC" not in finding.sentence
    assert bool(finding.advice) == (state == State.BAD)


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ({}, V3Answer.FINE),
        ({"POST /v3/token": Answer({"status": "Unauthorized", "message": "No."}, status=401)}, V3Answer.REFUSED),
        ({"POST /v3/token": Answer({"status": "Internal", "message": "No."}, status=500)}, V3Answer.SILENT),
        ({"POST /v3/token": Answer({"nothing": "here"})}, V3Answer.SILENT),
        ({"GET /v3/services/supported_id_types": Answer({"id_types": []})}, V3Answer.WITHOUT_LISTS),
        (
            {"GET /v3/services/supported_id_types": Answer({"code": "2413"}, status=403)},
            V3Answer.WITHOUT_LISTS,
        ),
        ({"POST /v1/products_config": Answer({}, status=503)}, V3Answer.NOT_ASKED),
    ],
)
def test_smile_is_asked_for_what_costs_nothing_and_the_answer_is_kept(
    stage: Stage, database: Database, smile: FakeSmile, answers: dict[str, Answer], found: V3Answer
):
    smile.answers |= answers
    context = stage(smile_server=smile.url, smile_api_keys=API_KEY)

    contact = ask_smile(context.settings, read_keys(context.session, context.settings))
    with database.transaction() as session:
        save_contact(session, contact, utc_now())

    assert contact.v3 == found
    with database.reading() as session:
        assert read_last_contact(session) == contact
    allowed = {"/v1/products_config", "/v3/token", "/v3/services/supported_id_types"}
    assert {each.path for each in smile.requests} <= allowed
