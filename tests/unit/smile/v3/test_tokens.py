"""Tokens: one for many requests, replaced in time, and once after a 401."""

import threading
from typing import Any

import pytest
import time_machine

from dashboard.smile import Refused, TransportFailed
from dashboard.smile.v3 import Client, EnhancedKyc
from dashboard.smile.v3.tokens import Token, TokenCache, read_token
from tests.unit.smile.fake_smile import API_KEY, Answer, FakeSmile, Request
from tests.unit.smile.v3.bodies import fields_of
from tests.unit.smile.v3.conftest import token
from tests.unit.smile.v3.examples import CONSENT, JOB_ID, REQUESTS

REFUSED = Answer({"status": "Unauthorized", "message": "Invalid authentication credentials."}, 401)


def test_one_token_serves_many_requests(accepting: FakeSmile, client: Client) -> None:
    for _ in range(3):
        client.verifications.submit(REQUESTS["enhanced_kyc"])

    asked = accepting.to("/v3/token")
    assert len(asked) == 1
    assert (asked[0].headers["smileid-partner-id"], asked[0].headers["smileid-api-key"]) == ("2", API_KEY)
    assert asked[0].size == 0
    assert len({sent.headers["smileid-token"] for sent in accepting.to("/v3/enhanced_kyc")}) == 1


@pytest.mark.parametrize(("lives", "tokens"), [(62, 1), (59, 2), (None, 2)])
def test_token_is_replaced_a_minute_before_it_expires(
    accepting: FakeSmile, client: Client, lives: float | None, tokens: int
) -> None:
    accepting.answers["POST /v3/token"] = Answer({"token": token(lives)})

    client.verifications.submit(REQUESTS["enhanced_kyc"])
    client.verifications.submit(REQUESTS["enhanced_kyc"])

    assert len(accepting.to("/v3/token")) == tokens


def test_time_that_passes_replaces_it(accepting: FakeSmile, client: Client) -> None:
    with time_machine.travel("2026-10-01T09:00:00Z", tick=False) as clock:
        client.jobs.status(JOB_ID)
        clock.shift(839)
        client.jobs.status(JOB_ID)
        assert len(accepting.to("/v3/token")) == 1
        clock.shift(1)
        client.jobs.status(JOB_ID)

    assert len(accepting.to("/v3/token")) == 2


def test_refused_token_is_replaced_once(smile: FakeSmile, client: Client) -> None:
    accepted = Answer({"status": "accepted", "job_id": JOB_ID, "user_id": "u"}, 202)
    smile.answers["POST /v3/enhanced_kyc"] = [REFUSED, accepted]

    client.verifications.submit(REQUESTS["enhanced_kyc"])

    first, second = smile.to("/v3/enhanced_kyc")
    assert first.headers["smileid-token"] != second.headers["smileid-token"]
    assert fields_of(first) == fields_of(second)


def test_second_refusal_is_the_answer(smile: FakeSmile, client: Client) -> None:
    smile.answers["POST /v3/registration"] = REFUSED

    with pytest.raises(Refused) as caught:
        client.verifications.submit(REQUESTS["registration"])

    assert (caught.value.status, caught.value.code) == (401, "token_refused")
    assert (caught.value.may_retry, caught.value.maybe_sent) == (False, False)
    assert len(smile.to("/v3/registration")) == 2
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def test_bound_token_is_never_replaced(smile: FakeSmile, client: Client) -> None:
    smile.answers["POST /v3/enhanced_kyc"] = REFUSED
    given = Token("bound")

    with pytest.raises(Refused):
        client.verifications.submit(REQUESTS["enhanced_kyc"], token=given)

    assert [sent.headers["smileid-token"] for sent in smile.to("/v3/enhanced_kyc")] == ["bound"]
    assert smile.to("/v3/token") == []


def test_token_for_one_person_holds_what_requests_may_leave_out(accepting: FakeSmile, client: Client) -> None:
    references = {"id_number": "pii_1", "given_names": "pii_2", "last_name": "pii_3", "email": "pii_4"}
    payload = {
        **references,
        "country": "NG",
        "id_type": "BVN",
        "callback_url": "callback_1",
        "consent": {"granted": True},
    }
    text = token(product="enhanced_kyc", user_id="user-1", payload=payload)
    accepting.answers["POST /v3/token"] = Answer({"token": text})

    bound = client.create_token(
        product="enhanced_kyc",
        user_id="user-1",
        partner_params={"order_id": "A-17"},
        payload={"id_number": "00000000000", "country": "NG", "consent": CONSENT},
    )
    client.verifications.submit(EnhancedKyc(), token=bound)

    asked = fields_of(accepting.to("/v3/token")[0])
    assert asked["payload"]["consent"]["notice_language"] == "EN"
    assert (asked["product"], asked["partner_params"]) == ("enhanced_kyc", {"order_id": "A-17"})
    assert (bound.product, bound.bound) == ("enhanced_kyc", frozenset(payload) | {"user_id"})
    # Nothing but the token was needed.
    assert fields_of(accepting.to("/v3/enhanced_kyc")[0]) == {}
    assert len(accepting.to("/v3/token")) == 1


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "a.e30.c", "a.W10.c", "ä.ö.ü"])
def test_any_text_can_be_read_as_a_token(text: str) -> None:
    read = read_token(text)

    assert (read.text, read.expires_at, read.product, read.bound) == (text, None, None, frozenset())


@pytest.mark.parametrize("claims", [{"exp": 1e400}, {"exp": True}, {"exp": "soon"}, {"payload": [], "product": 7}])
def test_claims_of_any_type_do_no_harm(claims: dict[str, Any]) -> None:
    read = Token("text", claims)

    assert (read.expires_at, read.product, read.bound) == (None, None, frozenset())


def test_answer_without_a_token_is_a_failed_transport(smile: FakeSmile, client: Client) -> None:
    smile.answers["POST /v3/token"] = Answer({"tokens": []})

    with pytest.raises(TransportFailed) as caught:
        client.verifications.submit(REQUESTS["enhanced_kyc"])

    assert caught.value.maybe_sent is False
    assert smile.to("/v3/enhanced_kyc") == []


def test_many_threads_fetch_one_token() -> None:
    fetched: list[Token] = []
    together = threading.Barrier(8)

    def fetch() -> Token:
        fetched.append(read_token(token()))
        return fetched[-1]

    cache = TokenCache(fetch)

    def get() -> None:
        together.wait()
        cache.get()

    threads = [threading.Thread(target=get) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(fetched) == 1


def test_token_replaced_by_another_thread_stays() -> None:
    cache = TokenCache(lambda: read_token(token(number=len(taken))))
    taken: list[Token] = []
    taken.append(cache.get())
    cache.drop(taken[0])
    taken.append(cache.get())

    cache.drop(taken[0])

    assert cache.get() is taken[1]


def test_token_is_asked_for_again_after_a_hiccup(
    smile: FakeSmile, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.smile.transport.RETRY_WAIT_SECONDS", 0.0)
    answers = [Answer({}, 503), Answer({"token": token()})]
    smile.answers["POST /v3/token"] = lambda _request: answers.pop(0)
    smile.answers["GET /v3/services/config"] = Answer({"products": {}})

    assert client.services.config() == {"products": {}}


def test_open_lists_need_no_token(smile: FakeSmile, client: Client) -> None:
    def banks(request: Request) -> Answer:
        assert "smileid-token" not in request.headers
        return Answer({"bank_codes": [{"code": "044", "country": "NG", "name": "Access Bank"}, "other"]})

    smile.answers["GET /v3/services/bank_codes"] = banks

    assert [bank.code for bank in client.services.bank_codes("NG")] == ["044"]
    assert smile.to("/v3/token") == []
