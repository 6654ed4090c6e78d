"""The door: what it answers, and what is in the database when it has answered."""

import gc
import gzip
import json
import re
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, func, select
from werkzeug.test import EnvironBuilder

from dashboard.callbacks.models import Callback, Verdict
from dashboard.callbacks.reason_words import reason_text
from dashboard.callbacks.receiving import acknowledging
from dashboard.callbacks.receiving.acknowledging import Delivery, acknowledge
from dashboard.callbacks.receiving.parsing import Facts, read_facts
from dashboard.config import Settings
from dashboard.context import context_of
from dashboard.db import Database, keyring_of, utc_now
from dashboard.jobs.models import Job, SentSignature
from dashboard.jobs.smile_api.sent_signatures import digest_of_signature
from dashboard.jobs.submitting.callback_keys import callback_key
from tests.factories.callbacks import (
    DOOR,
    deliver,
    encode,
    make_arrival,
    make_job,
    make_payload,
    make_refused_rows,
    make_v3_arrival,
    sign,
    store_arrivals,
    timestamp_at,
)
from tests.factories.plans import plans_of
from tests.unit.callbacks.test_parsing import MALFORMED

pytestmark = pytest.mark.both_engines

MEGABYTE = 1024 * 1024


@pytest.fixture
def stored(database: Database) -> Iterator[Any]:
    """`stored()` reads every callback anew, oldest first."""

    def read() -> list[Callback]:
        with database.reading() as session:
            return list(session.exec(select(Callback).order_by(col(Callback.id))).all())

    return read


def count_of(metric: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"{metric}_total", labels) or 0.0


def path_of(job: Job, settings: Settings) -> str:
    return f"{DOOR}/{callback_key(settings.secret_key.get_secret_value(), job.id)}"


def keyed_job(database: Database, settings: Settings, job_id: str = "job-1") -> Job:
    return make_job(database, job_id, settings.secret_key.get_secret_value())


def test_valid_callback_is_stored_exactly_as_it_came(
    client: FlaskClient, database: Database, session: Session, stored: Any, woken: list[Any]
) -> None:
    job = make_job(database)
    body = json.dumps(make_payload(), indent=3, ensure_ascii=False).encode() + b" \n"

    answer = deliver(client, body, headers={"X-Trace": "abc"})

    [callback] = stored()
    assert (answer.status_code, answer.json) == (200, {"received": True})
    assert callback.verdict == Verdict.VALID
    assert callback.job_id == job.id
    assert callback.handled_at is None
    assert keyring_of(session).open(callback.body_sealed, f"callback:{callback.id}:body") == body
    assert callback.body_size == len(body)
    assert callback.headers["x-trace"] == "abc"
    assert (callback.result_code, callback.result_text) == ("0810", "Enroll User")
    assert (callback.claimed_job_id, callback.claimed_smile_job_id) == ("job-1", "0000000046")
    assert woken == [("callbacks.handle", callback.id)]


def test_personal_data_and_secrets_are_in_no_plain_column(client: FlaskClient, database: Database, stored: Any) -> None:
    make_job(database)
    payload = make_payload()
    headers = {"Cookie": "a=1", "Authorization": "Bearer b", "Response-Signature": payload["signature"]}

    deliver(client, encode(payload), headers=headers)

    [callback] = stored()
    plain = repr({name: value for name, value in callback.model_dump().items() if name != "body_sealed"})
    for hidden in ("Joe Doe", "00000000000", payload["signature"], "Bearer", "a=1"):
        assert hidden not in plain
    assert b"Joe Doe" not in callback.body_sealed
    assert callback.search_text == "job-1 user-1 0000000046 0810 enroll user ng bvn ~job1 ~user1 ~46"


@pytest.mark.parametrize(
    ("age", "verdict"), [(timedelta(minutes=6), Verdict.STALE), (timedelta(minutes=-6), Verdict.FUTURE)]
)
def test_callback_with_a_timestamp_far_off_is_stored_and_acknowledged(
    client: FlaskClient, stored: Any, age: timedelta, verdict: Verdict
) -> None:
    answer = deliver(client, encode(make_payload(age=age)))

    assert answer.status_code == 200
    assert [callback.verdict for callback in stored()] == [verdict]


@pytest.mark.parametrize(
    ("signature", "verdict"), [("wrong", Verdict.WRONG), (None, Verdict.MISSING), (7, Verdict.WRONG)]
)
def test_callback_without_a_signature_of_ours_is_refused_and_kept(
    client: FlaskClient, stored: Any, woken: list[Any], signature: Any, verdict: Verdict
) -> None:
    answer = deliver(client, encode(make_payload(signature=signature)))

    [callback] = stored()
    assert answer.status_code == 401
    assert answer.json == {"error": "This callback is not signed with one of our keys."}
    assert callback.verdict == verdict
    assert callback.signature_digest is None
    assert woken == []


def test_duplicate_is_acknowledged_and_only_counted(
    client: FlaskClient, database: Database, stored: Any, woken: list[Any]
) -> None:
    make_job(database)
    body = encode(make_payload())
    deliver(client, body)
    [first] = stored()

    answers = [deliver(client, body).status_code for _ in range(3)]

    [callback] = stored()
    assert answers == [200, 200, 200]
    assert callback.times_seen == 4
    assert callback.last_seen_at > first.last_seen_at
    assert callback.received_at == first.received_at
    assert len(woken) == 1


def test_same_signature_over_another_body_is_reused(client: FlaskClient, stored: Any) -> None:
    payload = make_payload()
    deliver(client, encode(payload))

    answer = deliver(client, encode(payload | {"ResultCode": "0811"}))

    assert answer.status_code == 200
    assert [callback.verdict for callback in stored()] == [Verdict.VALID, Verdict.REUSED]


def test_other_base64_texts_of_a_used_signature_count_as_reused(client: FlaskClient, stored: Any) -> None:
    payload = make_payload()
    deliver(client, encode(payload))
    signature = payload["signature"]
    variants = [signature.rstrip("="), signature + "\n", signature.replace("+", "-").replace("/", "_") + "="]

    for variant in variants:
        deliver(client, encode(payload | {"signature": variant}))

    assert [callback.verdict for callback in stored()] == [Verdict.VALID] + [Verdict.REUSED] * 3


def test_wrong_callback_does_not_use_up_the_signature_that_it_shows(client: FlaskClient, stored: Any) -> None:
    payload = make_payload()
    deliver(client, encode(payload | {"timestamp": "2020-01-01T00:00:00Z"}))

    deliver(client, encode(payload))

    assert [callback.verdict for callback in stored()] == [Verdict.WRONG, Verdict.VALID]


def test_signature_of_our_own_request_is_reflected(client: FlaskClient, database: Database, stored: Any) -> None:
    timestamp = timestamp_at(utc_now())
    with database.transaction() as session:
        session.add(SentSignature(digest=digest_of_signature(sign(timestamp)), sent_at=utc_now()))

    answer = deliver(client, encode(make_payload(timestamp=timestamp)))

    assert answer.status_code == 200
    assert [callback.verdict for callback in stored()] == [Verdict.REFLECTED]


def test_duplicate_of_an_alarming_one_is_only_counted(client: FlaskClient, database: Database, stored: Any) -> None:
    payload = make_payload()
    deliver(client, encode(payload))
    for _ in range(3):
        deliver(client, encode(payload | {"ResultCode": "0811"}))
    deliver(client, encode(payload | {"ResultCode": "0812"}))

    verdicts = [(callback.verdict, callback.times_seen) for callback in stored()]

    assert verdicts == [(Verdict.VALID, 1), (Verdict.REUSED, 3), (Verdict.REUSED, 1)]


def test_duplicates_at_the_same_time_make_one_row(app: Flask, stored: Any) -> None:
    body = encode(make_payload())

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: deliver(app.test_client(), body).status_code, range(24)))

    [callback] = stored()
    assert set(answers) == {200}
    assert callback.times_seen == 24


def test_one_signature_over_many_bodies_at_the_same_time_is_new_once(app: Flask, stored: Any) -> None:
    payload = make_payload()
    bodies = [encode(payload | {"ResultText": f"text {number}"}) for number in range(16)]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda body: deliver(app.test_client(), body).status_code, bodies))

    verdicts = sorted(callback.verdict for callback in stored())
    assert set(answers) == {200}
    assert verdicts == [Verdict.REUSED] * 15 + [Verdict.VALID]


def test_orphan_is_kept_and_makes_no_job(client: FlaskClient, session: Session, stored: Any, woken: list[Any]) -> None:
    answer = deliver(client, encode(make_payload(job_id="job-unknown")))

    [callback] = stored()
    assert answer.status_code == 200
    assert callback.job_id is None
    assert callback.handled_at is not None
    assert "No job here has the id job-unknown, so it is kept as an orphan." in reason_text(callback)
    assert session.exec(select(func.count()).select_from(Job)).one() == 0
    assert woken == []


def test_job_of_another_environment_is_not_known_here(client: FlaskClient, database: Database, stored: Any) -> None:
    make_job(database, environment="production")

    deliver(client, encode(make_payload()))

    assert [callback.job_id for callback in stored()] == [None]


def test_address_of_a_job_of_another_environment_is_no_address_here(
    client: FlaskClient, database: Database, settings: Settings, stored: Any
) -> None:
    job = make_job(database, secret_key=settings.secret_key.get_secret_value(), environment="production")

    answer = deliver(client, encode(make_payload()), path_of(job, settings))

    assert answer.status_code == 404
    assert stored() == []


def test_callback_at_the_address_of_its_job_is_attached(
    client: FlaskClient, database: Database, settings: Settings, stored: Any
) -> None:
    job = keyed_job(database, settings)

    answer = deliver(client, encode(make_payload()), path_of(job, settings))

    [callback] = stored()
    assert answer.status_code == 200
    assert callback.job_id == job.id


def test_callback_at_the_address_of_another_job_belongs_to_neither(
    client: FlaskClient, database: Database, settings: Settings, stored: Any, woken: list[Any]
) -> None:
    job = keyed_job(database, settings)
    keyed_job(database, settings, "job-2")

    answer = deliver(client, encode(make_payload(job_id="job-2")), path_of(job, settings))

    [callback] = stored()
    assert answer.status_code == 200
    assert callback.job_id is None
    assert "arrived at the address of job job-1 but names job job-2" in reason_text(callback)
    assert woken == []


def test_unknown_key_is_nothing_here_counted_and_not_kept(client: FlaskClient, stored: Any) -> None:
    before = count_of("callbacks_turned_away", why="unknown_key")

    answer = deliver(client, encode(make_payload()), f"{DOOR}/AAAAAAAAAAAAAAAAAAAAAA")

    assert (answer.status_code, answer.json) == (404, {"error": "There is nothing at this address."})
    assert stored() == []
    assert count_of("callbacks_turned_away", why="unknown_key") == before + 1


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_malformed_body_is_refused_with_a_sentence_and_not_kept(client: FlaskClient, stored: Any, body: bytes) -> None:
    answer = deliver(client, body)

    assert answer.status_code == 400
    assert list(answer.json) == ["error"]
    assert stored() == []


@pytest.mark.parametrize(
    "options",
    [
        {"content_type": "text/plain"},
        {"content_type": "application/x-www-form-urlencoded"},
        {"content_type": ""},
        {"headers": {"Content-Encoding": "gzip"}},
        {"headers": {"Content-Encoding": "br"}},
    ],
)
def test_anything_but_plain_json_is_an_unsupported_type(
    client: FlaskClient, stored: Any, options: dict[str, Any]
) -> None:
    answer = deliver(client, gzip.compress(encode(make_payload())), **options)

    assert answer.status_code == 415
    assert stored() == []


def test_body_beyond_two_megabytes_is_refused(client: FlaskClient, stored: Any) -> None:
    body = encode(make_payload(Photo=""))
    body += b" " * (2 * MEGABYTE + 1 - len(body))

    answer = deliver(client, body)

    assert (answer.status_code, answer.json) == (413, {"error": "A callback may have at most 2 MB."})
    assert stored() == []


def test_body_of_two_megabytes_without_a_length_is_refused_only_beyond(client: FlaskClient) -> None:
    body = encode(make_payload())
    overrides = {"wsgi.input_terminated": True, "CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"}
    chunked = {"environ_overrides": overrides}

    full = deliver(client, body + b" " * (2 * MEGABYTE - len(body)), **chunked)
    over = deliver(client, body + b" " * (2 * MEGABYTE + 1 - len(body)), **chunked)

    assert (full.status_code, over.status_code) == (200, 413)


def test_genuine_callback_of_one_and_a_half_megabytes_passes(client: FlaskClient, stored: Any) -> None:
    body = encode(make_payload(Photo="/9j/" + "A" * (3 * MEGABYTE // 2)))

    answer = deliver(client, body)

    [callback] = stored()
    assert answer.status_code == 200
    assert callback.body_size == len(body)


def test_refusals_of_one_address_are_limited_and_valid_ones_never(client: FlaskClient, stored: Any) -> None:
    wrong = encode(make_payload(signature="wrong"))
    answers = [deliver(client, wrong).status_code for _ in range(62)]

    valid = deliver(client, encode(make_payload()))
    elsewhere = deliver(client, wrong, environ_overrides={"REMOTE_ADDR": "192.0.2.7"})

    assert answers == [401] * 60 + [429] * 2
    assert (valid.status_code, elsewhere.status_code) == (200, 401)
    assert len(stored()) == 62


def test_ipv6_addresses_of_one_network_share_a_limit(client: FlaskClient) -> None:
    wrong = encode(make_payload(signature="wrong"))
    answers = [
        deliver(client, wrong, environ_overrides={"REMOTE_ADDR": f"2001:db8::{number:x}"}).status_code
        for number in range(61)
    ]

    assert answers == [401] * 60 + [429]


def test_only_the_last_thousand_refused_are_kept(client: FlaskClient, database: Database, session: Session) -> None:
    deliver(client, encode(make_payload()))
    make_refused_rows(database, 1000)
    oldest = session.exec(
        select(Callback.id).where(Callback.verdict == Verdict.WRONG).order_by(col(Callback.id)).limit(1)
    ).one()

    deliver(client, encode(make_payload(signature="wrong")))

    with database.reading() as fresh:
        by_verdict = dict(fresh.exec(select(Callback.verdict, func.count()).group_by(col(Callback.verdict))).all())
        assert fresh.get(Callback, oldest) is None
    assert by_verdict == {Verdict.VALID: 1, Verdict.WRONG: 1000}


def test_flood_of_refused_callbacks_tells_the_job_once(
    client: FlaskClient, database: Database, woken: list[Any]
) -> None:
    make_job(database)

    for number in range(3):
        deliver(client, encode(make_payload(signature="wrong", ResultText=f"text {number}")))

    assert len(woken) == 1


@pytest.mark.parametrize("step", ["smile_keys", "store_callbacks"])
def test_callback_that_cannot_be_stored_is_not_acknowledged(
    client: FlaskClient, stored: Any, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*_: Any) -> None:
        raise OperationalError("INSERT", {}, Exception("disk full"))

    monkeypatch.setattr(acknowledging, step, fail)

    answer = deliver(client, encode(make_payload()))

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "10"
    assert stored() == []


def test_each_of_a_group_gets_what_it_deserves(in_app: Flask, stored: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(payload: dict[str, Any], headers: dict[str, str]) -> Facts:
        if payload["ResultText"] == "trouble":
            raise ZeroDivisionError
        return read_facts(payload, headers)

    monkeypatch.setattr(acknowledging, "read_facts", read)
    payloads = [
        make_payload(ResultText="trouble"),
        make_payload(timestamp=timestamp_at(utc_now() - timedelta(seconds=1))),
        make_payload(signature="wrong"),
        make_payload(timestamp=timestamp_at(utc_now() - timedelta(seconds=2))),
    ]
    bodies = [*map(encode, payloads), b"{"]

    answers = acknowledge([Delivery(body, (), "127.0.0.1", utc_now(), None) for body in bodies])

    assert [answer.status for answer in answers] == [500, 200, 401, 200, 400]
    assert [callback.verdict for callback in stored()] == [Verdict.VALID, Verdict.WRONG, Verdict.VALID]


def test_what_a_request_brought_is_let_go_at_once(app: Flask) -> None:
    """Not when the collector comes by: that would keep many bodies of up to 2 MB."""
    body = encode(make_payload())
    environ = EnvironBuilder(DOOR, method="POST", data=body, content_type="application/json").get_environ()
    brought = weakref.ref(environ["wsgi.input"])
    gc.disable()
    try:
        app.wsgi_app(environ, lambda *_: None)
        del environ
        assert brought() is None
    finally:
        gc.enable()


def test_row_is_committed_before_the_handler_is_woken_and_a_dead_queue_changes_nothing(
    client: FlaskClient, database: Database
) -> None:
    make_job(database)
    seen: list[Callback | None] = []

    class DeadQueue:
        def wake(self, _: str, row_id: Any) -> None:
            with database.reading() as session:
                seen.append(session.get(Callback, row_id))
            raise ConnectionError

    dead: Any = DeadQueue()
    replace(context_of(client.application), queue=dead).install(client.application)

    answer = deliver(client, encode(make_payload()))

    assert answer.status_code == 200
    assert [callback.verdict for callback in seen if callback] == [Verdict.VALID]


def test_door_needs_no_cookie_no_token_and_no_origin(app: Flask) -> None:
    answer = deliver(app.test_client(), encode(make_payload()), headers={"Origin": "https://elsewhere.example"})

    assert answer.status_code == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_door_answers_only_to_post(client: FlaskClient, method: str) -> None:
    assert client.open(DOOR, method=method).status_code == 405


def test_nothing_of_the_body_is_logged(
    client: FlaskClient, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    payload = make_payload()
    deliver(client, encode(payload))
    deliver(client, encode(payload)[:-1])
    deliver(client, encode(payload | {"signature": "wrong"}))

    output = capfd.readouterr()
    written = output.out + output.err + caplog.text
    for hidden in ("Joe Doe", "00000000000", payload["signature"]):
        assert hidden not in written


TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=9)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
FIELDS = ["timestamp", "signature", "sec_key", "PartnerParams", "SmileJobID", "ResultCode", "ResultText", "Actions"]


@hypothesis_settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.binary(max_size=60) | st.dictionaries(st.sampled_from(FIELDS), JSON).map(encode))
def test_no_body_makes_the_door_fail(client: FlaskClient, body: bytes) -> None:
    answer = deliver(client, body)

    assert answer.status_code in (400, 401, 429)


@hypothesis_settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.dictionaries(st.sampled_from([*FIELDS[3:], "FullName"]), JSON))
def test_signed_body_of_any_shape_is_stored_byte_for_byte(
    client: FlaskClient, database: Database, fields: dict[str, Any]
) -> None:
    timestamp = timestamp_at(utc_now())
    body = encode(fields | {"timestamp": timestamp, "signature": sign(timestamp)})

    answer = deliver(client, body)

    with database.reading() as session:
        newest = session.exec(select(Callback).order_by(col(Callback.id).desc()).limit(1)).one()
        kept = keyring_of(session).open(newest.body_sealed, newest.body_associated_data)
    assert answer.status_code == 200
    assert kept == body


@pytest.mark.parametrize("together", [1, 8, 64])
def test_nothing_that_the_door_looks_up_is_searched_for_row_by_row(database: Database, together: int) -> None:
    make_job(database)

    def store() -> None:
        with database.transaction() as session:
            store_arrivals(session, *(make_arrival() for _ in range(together)))
            store_arrivals(session, *(make_arrival(job_key="some-key") for _ in range(together)))
            store_arrivals(session, *(make_v3_arrival() for _ in range(together)))

    looks = plans_of(database, store, "callback", "job", "sent_signature")

    assert len(looks) >= 12
    assert [
        look for look in looks if not re.search(r"\((.* AND )?(job_id|smile_job_id|\w*digest|body_sha256)=", look)
    ] == []
