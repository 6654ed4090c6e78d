"""The door to the network: timeouts, limits, one connection, TLS, and which questions are asked twice."""

import gzip
import json
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme

from dashboard.smile import (
    IDApi,
    InvalidRequest,
    PartnerAccount,
    Refused,
    Services,
    SmileLinks,
    Transport,
    TransportFailed,
    Utilities,
    WebApi,
)

from .examples import CALLBACK, job, lookup
from .fake_smile import API_KEY, PARTNER_ID, Answer, FakeSmile, signed

ME = (PARTNER_ID, API_KEY)


def web_api(smile: FakeSmile, transport: Transport) -> WebApi:
    return WebApi(PARTNER_ID, CALLBACK, API_KEY, smile.url, transport=transport)


CALLS: dict[str, Callable[[FakeSmile, Transport], Any]] = {
    "POST /v1/upload": lambda s, t: web_api(s, t).prepare_upload(job()),
    "PUT /store/attachments.zip": lambda s, t: web_api(s, t).upload_zip(
        s.upload_url, job(), [{"image_type_id": 0, "image": b"jpeg"}]
    ),
    "POST /v1/token": lambda s, t: web_api(s, t).get_web_token({"user_id": "u", "job_id": "j", "product": "basic_kyc"}),
    "POST /v1/job_status": lambda s, t: Utilities(*ME, s.url, transport=t).get_job_status("u", "j"),
    "POST /v1/id_verification": lambda s, t: IDApi(*ME, s.url, transport=t).submit_job(job(5), lookup()),
    "POST /v2/verify": lambda s, t: IDApi(*ME, s.url, transport=t).submit_basic_kyc(job(5), lookup()),
    "GET /v1/services": lambda s, t: Services(*ME, s.url, transport=t).services(),
    "PUT /v1/smile_links/ref": lambda s, t: SmileLinks(*ME, s.url, transport=t).disable("ref"),
    "POST /api/v2/partner/wallet_balance": lambda s, t: PartnerAccount(*ME, s.url, transport=t).wallet_balance(),
}


@pytest.mark.parametrize("call", CALLS)
def test_no_call_waits_for_ever(smile: FakeSmile, call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.smile.transport.LONGEST_READ_SECONDS", 0.3)
    smile.answers[call] = Answer({}, pause=60)
    started = time.monotonic()

    with Transport(smile.url, timeout=(0.2, 0.2)) as transport, pytest.raises(TransportFailed) as caught:
        CALLS[call](smile, transport)

    assert time.monotonic() - started < 30
    assert caught.value.maybe_sent
    assert caught.value.may_retry


def test_an_answer_that_trickles_in_is_not_waited_for(smile: FakeSmile) -> None:
    smile.answers["POST /v1/id_verification"] = Answer({"Photo": "x" * 3_000}, drip=0.02)
    started = time.monotonic()

    with Transport(smile.url, timeout=(0.2, 0.2)) as transport, pytest.raises(TransportFailed, match="too long"):
        CALLS["POST /v1/id_verification"](smile, transport)

    assert time.monotonic() - started < 30


@pytest.mark.parametrize("call", [call for call in CALLS if not call.startswith("PUT /store")])
@pytest.mark.parametrize(
    "answer",
    [
        Answer({"token": "x" * 500}, cut=100),
        Answer(b'{"token": '),
        Answer(b"\x00\xffgarbage"),
        Answer(drop=True),
        Answer(b'{"token": "x"}', headers={"Content-Encoding": "gzip"}),
    ],
    ids=["truncated", "half JSON", "garbage", "dropped", "not gzip"],
)
def test_a_broken_answer_is_a_failed_transport(
    smile: FakeSmile, transport: Transport, call: str, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.smile.transport.RETRY_WAIT_SECONDS", 0.0)
    smile.answers[call] = answer

    with pytest.raises(TransportFailed) as caught:
        CALLS[call](smile, transport)

    assert caught.value.maybe_sent


READS = ["POST /v1/job_status", "GET /v1/services", "POST /api/v2/partner/wallet_balance"]


@pytest.mark.parametrize("call", READS)
@pytest.mark.parametrize("failure", [Answer({}, 503), Answer(drop=True), Answer({}, 429, headers={"Retry-After": "0"})])
def test_a_question_is_asked_again_when_that_may_help(
    smile: FakeSmile, transport: Transport, call: str, failure: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.smile.transport.RETRY_WAIT_SECONDS", 0.002)
    smile.answers[call] = [failure, failure, Answer({"fine": True})]

    assert CALLS[call](smile, transport) == {"fine": True}
    if not call.startswith("GET"):
        assert len({request.json["signature"] for request in smile.requests}) == 3


@pytest.mark.parametrize("call", READS)
@pytest.mark.parametrize(
    ("answer", "times"),
    [(Answer({}, 503), 3), (Answer({}, 404), 1), (Answer({}, 503, headers={"Retry-After": "3600"}), 1)],
)
def test_a_question_is_asked_a_bounded_number_of_times(
    smile: FakeSmile, transport: Transport, call: str, answer: Answer, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.smile.transport.RETRY_WAIT_SECONDS", 0.0)
    smile.answers[call] = answer

    with pytest.raises(Refused):
        CALLS[call](smile, transport)

    assert len(smile.requests) == times


@pytest.mark.parametrize("call", [call for call in CALLS if call not in READS])
def test_what_may_cost_something_is_sent_once(smile: FakeSmile, transport: Transport, call: str) -> None:
    smile.answers[call] = Answer({}, 503)

    with pytest.raises(Refused):
        CALLS[call](smile, transport)

    assert len(smile.requests) == 1


def test_nobody_there_means_that_nothing_was_sent(smile: FakeSmile) -> None:
    smile.close()

    with Transport(smile.url) as transport, pytest.raises(TransportFailed) as caught:
        CALLS["POST /v1/upload"](smile, transport)

    assert not caught.value.maybe_sent


def test_an_unknown_host_means_that_nothing_was_sent() -> None:
    with pytest.raises(TransportFailed) as caught:
        IDApi(*ME, "http://smile.invalid/v1").submit_job(job(5), lookup())

    assert not caught.value.maybe_sent


def test_a_redirect_is_not_followed(smile: FakeSmile, transport: Transport) -> None:
    smile.answers["POST /v1/upload"] = Answer({}, 302, headers={"Location": f"{smile.origin}/elsewhere"})

    with pytest.raises(Refused) as caught:
        CALLS["POST /v1/upload"](smile, transport)

    assert caught.value.status == 302
    assert [request.path for request in smile.requests] == ["/v1/upload"]


def test_an_answer_without_end_is_cut_off(
    smile: FakeSmile, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.smile.transport.MAX_ANSWER_BYTES", 100_000)
    smile.answers["POST /v1/id_verification"] = Answer({"Photo": "x" * 150_000})

    with pytest.raises(TransportFailed, match="too large"):
        CALLS["POST /v1/id_verification"](smile, transport)


def test_a_compressed_bomb_is_cut_off(smile: FakeSmile, transport: Transport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.smile.transport.MAX_ANSWER_BYTES", 100_000)
    bomb = gzip.compress(json.dumps({"Photo": "x" * 5_000_000}).encode())
    smile.answers["POST /v1/id_verification"] = Answer(bomb, headers={"Content-Encoding": "gzip"})

    with pytest.raises(TransportFailed, match="too large"):
        CALLS["POST /v1/id_verification"](smile, transport)


def test_a_large_photo_arrives_whole_and_compressed_or_not(smile: FakeSmile, transport: Transport) -> None:
    result = signed({"Photo": "0123456789" * 200_000})
    smile.answers["POST /v1/id_verification"] = [
        Answer(result),
        Answer(gzip.compress(json.dumps(result).encode()), headers={"Content-Encoding": "gzip"}),
    ]

    assert CALLS["POST /v1/id_verification"](smile, transport) == result
    assert CALLS["POST /v1/id_verification"](smile, transport) == result


def test_all_clients_of_a_transport_share_one_connection(smile: FakeSmile, transport: Transport) -> None:
    for call in CALLS:
        if call != "PUT /store/attachments.zip":
            smile.answers[call] = Answer({"token": "x", "upload_url": smile.upload_url, "smile_job_id": "1"})
        CALLS[call](smile, transport)

    assert len(smile.requests) == len(CALLS)
    assert smile.connections == 1


def test_the_environment_and_cookies_have_no_say(
    smile: FakeSmile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ada password secret")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    smile.answers["GET /v1/services"] = Answer({}, headers={"Set-Cookie": "track=1; Path=/"})

    with Transport(smile.url) as transport:
        for _ in range(2):
            CALLS["GET /v1/services"](smile, transport)

    assert "authorization" not in smile.requests[0].headers
    assert "cookie" not in smile.requests[1].headers


def test_plain_http_and_trailing_slashes_are_fine_for_a_custom_server(smile: FakeSmile) -> None:
    smile.answers["GET /v1/services"] = Answer({"fine": True})

    assert Services(*ME, smile.url + "//").services("fr") == {"fine": True}
    assert smile.requests[0].query == {"locale": ["fr"]}


@pytest.mark.parametrize(
    ("sid_server", "addresses"),
    [
        (
            0,
            (
                "https://testapi.smileidentity.com/v1",
                "https://testapi.smileidentity.com/v2",
                "https://portal.smileidentity.com/api/v2/partner",
            ),
        ),
        (
            "1",
            (
                "https://api.smileidentity.com/v1",
                "https://api.smileidentity.com/v2",
                "https://prod.smileidentity.com/api/v2/partner",
            ),
        ),
        (
            "https://stand-in.example:8443/smile/v1/",
            (
                "https://stand-in.example:8443/smile/v1",
                "https://stand-in.example:8443/smile/v2",
                "https://stand-in.example:8443/api/v2/partner",
            ),
        ),
    ],
)
def test_every_address_follows_from_the_server(sid_server: int | str, addresses: tuple[str, ...]) -> None:
    server = Transport(sid_server).server

    assert (server.v1, server.v2, server.portal) == addresses
    assert Transport(server.v1).server == server


class TestTls:
    @pytest.fixture
    def authority(self) -> trustme.CA:
        return trustme.CA()

    @pytest.fixture
    def secure(self, smile: FakeSmile, authority: trustme.CA) -> FakeSmile:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        smile.serve_tls(context)
        smile.answers["GET /v1/services"] = Answer({"fine": True})
        return smile

    def test_a_named_authority_is_trusted(self, secure: FakeSmile, authority: trustme.CA, tmp_path: Path) -> None:
        ca_file = tmp_path / "ca.pem"
        authority.cert_pem.write_to_path(str(ca_file))

        with Transport(secure.url, ca_file=str(ca_file)) as transport:
            assert CALLS["GET /v1/services"](secure, transport) == {"fine": True}

    def test_verification_cannot_be_switched_off(self, secure: FakeSmile) -> None:
        session = requests.Session()
        session.verify = False

        with Transport(secure.url, session=session) as transport, pytest.raises(TransportFailed) as caught:
            IDApi(*ME, secure.url, transport=transport).submit_job(job(5), lookup())

        assert not caught.value.maybe_sent
        assert secure.requests == []

    def test_images_do_not_leave_without_tls_once_the_server_has_it(
        self, secure: FakeSmile, authority: trustme.CA, tmp_path: Path
    ) -> None:
        with Transport(secure.url) as transport, pytest.raises(TransportFailed, match="not safe"):
            transport.put_stream("http://127.0.0.1/x", [b"zip"], "application/zip")

    def test_a_missing_ca_file_is_found_at_once(self) -> None:
        with pytest.raises(InvalidRequest, match="ca_file"):
            Transport(0, ca_file="/no/such/file.pem")
