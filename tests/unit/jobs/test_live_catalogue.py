"""What Smile offers is fetched in the background: however long Smile takes, a page shows what is known at once."""

from collections.abc import Callable, Iterator
from threading import Event

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard.config import Settings
from dashboard.context import context_of
from dashboard.jobs.smile_api.clients import ClientFactory
from tests.unit.smile.fake_smile import Answer, FakeSmile, Request

SignInAs = Callable[[str], FlaskClient]
SERVICES = {
    "hosted_web": {
        "enhanced_kyc": {
            "NG": {"name": "Nigeria", "id_types": {"BVN": {"label": "Live label", "required_fields": ["id_number"]}}}
        }
    }
}
RATE = "POST /api/v2/partner/id_status"


@pytest.fixture
def hanging(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:
    """Smile answers when the event is set; until then it says nothing."""
    fake, answer = FakeSmile(), Event()

    def late(content: object) -> Callable[[Request], Answer]:
        def respond(_: Request) -> Answer:
            answer.wait(60)
            return Answer(content)

        return respond

    fake.answers = {
        "GET /v1/services": late(SERVICES),
        "POST /v1/products_config": late({"consentRequired": {}}),
        RATE: late({"last_hour_success_rate": "97%"}),
        "POST /v3/token": late({"token": "a.token.of.v3"}),
        "GET /v3/services/id_status": late({"last_hour_success_rate": "42%", "last_known_status": "offline"}),
    }
    clients = ClientFactory(settings.model_copy(update={"smile_server": fake.url}))
    monkeypatch.setattr(context_of(app).smile_clients, "clients", clients.clients)
    monkeypatch.setattr("dashboard.jobs.smile_api.clients.PAGE_TIMEOUT", (30.0, 60.0))
    yield answer
    answer.set()
    context_of(app).background.wait()
    fake.close()


PAGES = ("/jobs", "/jobs/new?product=enhanced_kyc&country=NG&id_type=BVN", "/links/new", "/jobs.json")
AUTHORITY = "/jobs/availability?country=NG&id_type=BVN"


def test_no_page_waits_for_smile(app: Flask, sign_in: SignInAs, hanging: Event):
    client = sign_in("ben")

    statuses = [client.get(path).status_code for path in (*PAGES, AUTHORITY)]

    assert not hanging.is_set()  # they were answered while Smile was silent
    assert statuses == [200] * 5
    assert "Asking Smile how well this authority answers." in client.get(AUTHORITY).text


def test_what_smile_said_is_shown_once_it_came(app: Flask, sign_in: SignInAs, hanging: Event):
    client = sign_in("ben")
    before = client.get(PAGES[1]).text
    client.get(AUTHORITY)

    hanging.set()
    context_of(app).background.wait()

    assert "our own table is used" in before
    assert "Live label" in client.get(PAGES[1]).text
    assert "97 % of lookups succeeded" in client.get(AUTHORITY).text


def test_each_api_is_asked_for_itself(app: Flask, sign_in: SignInAs, hanging: Event):
    client = sign_in("ben")
    hanging.set()

    for api in ("v1", "v3"):
        client.get(f"{AUTHORITY}&api={api}")
    context_of(app).background.wait()

    assert "97 % of lookups succeeded" in client.get(f"{AUTHORITY}&api=v1").text
    of_v3 = client.get(f"{AUTHORITY}&api=v3").text
    assert "not answering" in of_v3
    assert "42 % of lookups succeeded" in of_v3


def test_one_question_is_asked_however_many_pages_need_it(app: Flask, sign_in: SignInAs, hanging: Event):
    client = sign_in("ben")

    for _ in range(20):
        client.get("/jobs")
        client.get(AUTHORITY)

    assert len(context_of(app).background._threads) == 2


def test_smile_that_is_away_is_not_asked_by_each_page(
    app: Flask, sign_in: SignInAs, capsys: pytest.CaptureFixture[str]
):
    client = sign_in("ben")

    for _ in range(10):
        assert client.get("/jobs").status_code == 200
        context_of(app).background.wait()

    assert capsys.readouterr().out.count("services_not_fetched") <= 2
