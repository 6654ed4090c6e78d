"""What each answer of the other end means, in words, with one thing to do for each that is not as it should be."""

import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from socket import EAI_NONAME, gaierror
from typing import Any

import pytest

from dashboard.callbacks.delivery_test.delivery import Attempt, HopAnswer
from dashboard.callbacks.delivery_test.delivery_test_steps import DeliveryTestStep, explain, read_answer
from dashboard.callbacks.delivery_test.test_callback import ProbeReceipt
from dashboard.callbacks.models import Verdict

URL = "https://desk.example.com/hooks/smile"
OURS = b'{"received": true}'
NGINX = b"<html><head><title>413 Request Entity Too Large</title></head></html>"


def make_answer(status: int = 200, body: bytes = OURS, **headers: str) -> HopAnswer:
    return HopAnswer(status, headers, body, 0.05, datetime.now(UTC))


def make_certificate(**left: int) -> dict[str, Any]:
    ends_at = datetime.now(UTC) + timedelta(minutes=1, **left)
    issuer = ((("organizationName", "Let's Encrypt"),), (("commonName", "E7"),))
    return {"issuer": issuer, "notAfter": f"{ends_at:%b %d %H:%M:%S %Y} GMT"}


def make_attempt(answer: HopAnswer | None = None, url: str = URL, **changes: Any) -> Attempt:
    way = {"addresses": ["13.51.0.119"], "connected_to": "13.51.0.119", "tls_version": "TLSv1.3"}
    return Attempt(url, **(way | {"certificate": make_certificate(days=61), "answer": answer} | changes))


def make_arrival(verdict: Verdict = Verdict.VALID, address: str = "198.51.100.7", forwarded: str = "") -> ProbeReceipt:
    headers = {"x-forwarded-for": forwarded} if forwarded else {}
    return ProbeReceipt(verdict, "Reasons.", address, headers)


def failing(failed_at: str, error: OSError) -> list[DeliveryTestStep]:
    return explain(make_attempt(failed_at=failed_at, error=error), None, 0)


def test_all_is_well():
    steps = explain(make_attempt(make_answer(date=format_datetime(datetime.now(UTC)))), make_arrival(), 0)

    assert [step.passed for step in steps] == [True] * 7
    assert not any(step.advice for step in steps)
    assert "issued by Let's Encrypt and expires in 61 days" in steps[2].text


@pytest.mark.parametrize(
    ("status", "body", "headers", "said", "advice"),
    [
        (301, b"", {"location": "https://other.example/hooks?x=1"}, "other.example/hooks.", "to that address"),
        (308, b"", {}, "redirects to nowhere", "to that address"),
        (401, b'{"error": "not signed"}', {}, "with other keys", "Another deployment"),
        (401, b"Unauthorized", {"server": "nginx"}, "Another program (nginx) refused it", "without a password"),
        (403, b'{"error": "Callbacks from 10.0.0.5 are not allowed."}', {}, "10.0.0.5", "list of source networks"),
        (403, b"<title>Blocked</title>", {}, 'A page titled "Blocked" refused it', "firewall"),
        (404, b"<title>Welcome to nginx!</title>", {}, "Welcome to nginx!", "to this dashboard"),
        (405, b"", {}, "does not accept callbacks", "to this dashboard"),
        (413, NGINX, {}, "413 Request Entity Too Large", "client_max_body_size"),
        (415, b'{"error": "Send a callback as plain JSON."}', {}, "plain JSON", "changes the request"),
        (502, b"<title>502 Bad Gateway</title>", {}, "could not answer", "`dashboard web` is running"),
        (503, b'{"error": "It could not be stored just now."}', {}, "could not be stored", "database"),
        (200, b"<title>Shop &amp; more</title>", {}, 'A page titled "Shop & more"', "to this dashboard"),
        (200, b'["ok"]', {}, "Another program answered", "to this dashboard"),
        (200, b"\xff\xfe\x00", {}, "Another program answered", "to this dashboard"),
        (299, b"", {}, "Another program answered", "to this dashboard"),
    ],
)
def test_each_wrong_answer_says_what_to_do(status: int, body: bytes, headers: dict[str, str], said: str, advice: str):
    passed, sentence, what_to_do = read_answer(make_answer(status, body, **headers))

    assert passed is False
    assert said in sentence
    assert advice in what_to_do


@pytest.mark.parametrize(
    ("failed_at", "error", "said", "advice"),
    [
        ("name", gaierror(EAI_NONAME, "Name or service not known"), "cannot be resolved", "DNS"),
        ("name", TimeoutError(), "No name server answered", "DNS"),
        ("connection", ConnectionRefusedError(111, "Connection refused"), "refuses", "No program listens"),
        ("connection", TimeoutError(), "did not answer", "firewall"),
        ("connection", OSError(113, "No route to host"), "No route to host", "network"),
        ("encryption", ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version"), "does not speak TLS", "TLS"),
        ("encryption", TimeoutError(), "The TLS handshake", "TLS"),
        ("answer", TimeoutError(), "No answer came", "overloaded"),
        ("answer", ConnectionResetError(104, "Connection reset by peer"), "without an answer", "log"),
    ],
)
def test_each_hop_that_fails_is_the_last_and_says_what_to_do(failed_at: str, error: OSError, said: str, advice: str):
    steps = failing(failed_at, error)

    assert [step.passed for step in steps] == [True] * (len(steps) - 1) + [False]
    assert said in steps[-1].text
    assert advice in steps[-1].advice


@pytest.mark.parametrize(
    ("code", "said"),
    [(10, "expired"), (62, "another name"), (18, "self-signed"), (20, "trusted"), (99, "not accepted")],
)
def test_each_problem_of_a_certificate_has_its_words(code: int, said: str):
    error = ssl.SSLCertVerificationError("certificate verify failed")
    error.verify_code = code

    assert said in failing("encryption", error)[-1].text


def test_certificate_that_ends_soon_is_told_of():
    step = explain(make_attempt(make_answer(), certificate=make_certificate(days=3)), make_arrival(), 0)[2]

    assert (step.passed, "expires in 3 days" in step.text) == (None, True)


def test_address_of_an_inner_network_and_plain_http_are_worth_a_note():
    steps = explain(
        make_attempt(make_answer(), "http://127.0.0.1:8000/hooks/smile", addresses=["127.0.0.1"]), make_arrival(), 0
    )

    assert [step.passed for step in steps[:3]] == [None, True, None]
    assert "is an address" in steps[0].text


@pytest.mark.parametrize(
    ("forwarded", "trusted", "passed", "said"),
    [
        ("", 0, True, "no proxy in between"),
        ("198.51.100.7", 1, True, "one proxy"),
        ("198.51.100.7, 10.0.0.2", 2, True, "2 proxies"),
        ("198.51.100.7", 0, False, "to 1 and"),
        ("198.51.100.7, 10.0.0.2", 1, False, "to 2 and"),
        ("", 1, False, "forge its address"),
        ("198.51.100.7", 2, False, "to 1 and"),
    ],
)
def test_setting_of_proxies_is_compared_with_the_way_it_took(forwarded: str, trusted: int, passed: bool, said: str):
    step = explain(make_attempt(make_answer()), make_arrival(forwarded=forwarded), trusted)[5]

    assert step.passed is passed
    assert said in step.text + step.advice


@pytest.mark.parametrize(
    ("ahead", "passed", "said"),
    [(0, True, "agree"), (30, True, "seconds ahead"), (-90, False, "1 minute behind"), (400, False, "ahead")],
)
def test_clocks_are_compared(ahead: int, passed: bool, said: str):
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=ahead + (0.9 if ahead else 0)))

    step = explain(make_attempt(make_answer(date=date)), make_arrival(), 0)[-1]

    assert step.passed is passed
    assert said in step.text


@pytest.mark.parametrize("date", ["", "yesterday"])
def test_without_a_date_nothing_is_said_of_clocks(date: str):
    assert len(explain(make_attempt(make_answer(date=date)), make_arrival(), 0)) == 6


def test_taken_elsewhere_too_late_and_not_valid_are_told_apart():
    elsewhere = explain(make_attempt(make_answer()), None, 0)[4]
    stale = explain(make_attempt(make_answer()), make_arrival(Verdict.STALE), 0)[4]
    late = explain(make_attempt(failed_at="answer", error=TimeoutError()), make_arrival(), 0)[-1]
    refused = explain(make_attempt(make_answer(502, b"")), None, 0)[4]

    assert "not stored here" in elsewhere.text
    assert "same key" in elsewhere.advice
    assert "NTP" in stale.advice
    assert "too late" in late.text
    assert "failed above" in refused.advice
    assert not any(step.passed for step in (elsewhere, stale, late, refused))
