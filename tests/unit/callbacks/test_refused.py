"""Refused deliveries: each kind is listed with its reason and job, in bounds, written in batches, and erased."""

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, select
from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestTimeout
from werkzeug.wrappers import Request

from dashboard.app import create_app
from dashboard.audit.models import AuditEntry
from dashboard.callbacks.models import Callback
from dashboard.callbacks.receiving import receiver
from dashboard.callbacks.receiving.networks import parse_networks, write_networks
from dashboard.callbacks.refused import buffer
from dashboard.callbacks.refused.buffer import RefusedDeliveries, job_named_in
from dashboard.callbacks.refused.models import RefusedDelivery
from dashboard.callbacks.refused.reasons import WORDS, RefusalReason
from dashboard.callbacks.refused.storing import MOST_KEPT, MOST_OF_NETWORK, Refused, store_refused
from dashboard.config import Settings
from dashboard.context import context_of
from dashboard.db import Database, first_id_of, utc_now
from dashboard.jobs.models import Job, JobEvent, JobState
from dashboard.jobs.submitting.callback_keys import callback_key
from dashboard.jobs.timeline import EventKind
from dashboard.privacy.erasing import erase_person
from dashboard.privacy.finding import find_person
from dashboard.privacy.retention import erase_batch, read_rules, what_would_go
from tests.factories.callbacks import DOOR, deliver, encode, make_job, make_payload
from tests.factories.events import in_words
from tests.factories.plans import plans_of

pytestmark = pytest.mark.both_engines

SignIn = Callable[[str], FlaskClient]
BODY = encode(make_payload())
BIG = encode(make_payload(Photo="A" * 2_200_000))
KINDS: dict[RefusalReason, tuple[int, bytes, dict[str, Any]]] = {
    RefusalReason.MEDIA_TYPE: (415, BODY, {"content_type": "text/plain"}),
    RefusalReason.NO_MEDIA_TYPE: (415, BODY, {"content_type": ""}),
    RefusalReason.ENCODED: (415, BODY, {"headers": {"Content-Encoding": "gzip"}}),
    RefusalReason.TOO_LARGE: (413, BIG, {}),
    RefusalReason.NOT_UTF8: (400, BODY[:-1] + b', "a": "\xff"}', {}),
    RefusalReason.NOT_JSON: (400, BODY[:-1], {}),
    RefusalReason.NOT_AN_OBJECT: (400, b"[" + BODY + b"]", {}),
    RefusalReason.DUPLICATE_KEY: (400, BODY[:-1] + b', "ResultCode": "0811"}', {}),
    RefusalReason.NOT_A_NUMBER: (400, BODY[:-1] + b', "a": NaN}', {}),
    RefusalReason.LONG_NUMBER: (400, BODY[:-1] + b', "a": ' + b"9" * 200 + b"}", {}),
    RefusalReason.NESTED: (400, BODY[:-1] + b', "a": ' + b"[" * 40 + b"]" * 40 + b"}", {}),
    RefusalReason.SURROGATE: (400, BODY[:-1] + b', "a": "\\ud800"}', {}),
    RefusalReason.NUL_IN_KEY: (400, BODY[:-1] + b', "\\u0000": 1}', {}),
}


def listed(app: Flask) -> list[RefusedDelivery]:
    """Oldest first, after what waits was written."""
    context_of(app).refused_deliveries.write()
    with context_of(app).database.reading() as session:
        return list(session.exec(select(RefusedDelivery).order_by(col(RefusedDelivery.id))).all())


def refused(number: int = 0, network: str = "192.0.2.1", **changes: Any) -> Refused:
    values: dict[str, Any] = {
        "received_at": utc_now(),
        "source_address": network,
        "reason": RefusalReason.NOT_JSON,
        "status": 400,
        "size": number,
        "job_key": None,
        "source_network": network,
    }
    return Refused(**(values | changes))


def store(database: Database, *rows: Refused, counted: tuple[Refused, ...] = ()) -> None:
    with database.transaction() as session:
        store_refused(session, "sandbox", rows, counted)


@pytest.mark.parametrize("reason", KINDS)
def test_each_kind_is_listed_with_time_address_size_reason_and_job(
    app: Flask, client: FlaskClient, database: Database, reason: RefusalReason
) -> None:
    job = make_job(database)
    status, body, options = KINDS[reason]
    before = utc_now()

    answer = deliver(client, body, environ_overrides={"REMOTE_ADDR": "192.0.2.7"}, **options)

    [row] = listed(app)
    with database.reading() as session:
        assert session.exec(select(Callback).order_by(Callback.id)).all() == []
    assert answer.status_code == status
    assert (row.reason, row.status, row.size, row.count) == (reason, status, len(body), 1)
    assert (row.source_address, row.job_id, row.claimed_job_id) == ("192.0.2.7", job.id, "job-1")
    assert before <= row.received_at <= utc_now()


def test_every_reason_has_words() -> None:
    assert set(WORDS) == set(RefusalReason)


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [(ClientDisconnected, 400, RefusalReason.ENDED_EARLY), (RequestTimeout, 408, RefusalReason.TOO_SLOW)],
)
def test_body_that_did_not_come_whole_is_listed(
    app: Flask,
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    database: Database,
    settings: Settings,
    error: type[HTTPException],
    status: int,
    reason: RefusalReason,
) -> None:
    job = make_job(database, secret_key=settings.secret_key.get_secret_value())

    def end(*_: Any, **__: Any) -> bytes:
        raise error

    monkeypatch.setattr(Request, "get_data", end)

    answer = deliver(client, BODY, f"{DOOR}/{callback_key(settings.secret_key.get_secret_value(), job.id)}")

    [row] = listed(app)
    assert answer.status_code == status
    assert (row.reason, row.job_id) == (reason, job.id)


def test_network_that_is_not_allowed_is_listed_and_its_body_not_read(
    app: Flask, client: FlaskClient, database: Database
) -> None:
    context = context_of(app)
    trusting = context.settings.model_copy(update={"trusted_proxies": 1})
    with database.transaction() as session:
        write_networks(session, trusting, parse_networks("198.51.100.0/24"), utc_now())
    behind_proxy = create_app(trusting)

    answer = deliver(behind_proxy.test_client(), BODY, headers={"X-Forwarded-For": "192.0.2.7"})

    [row] = listed(behind_proxy)
    context_of(behind_proxy).database.dispose()
    assert answer.status_code == 403
    assert (row.reason, row.source_address, row.claimed_job_id) == (RefusalReason.NETWORK, "192.0.2.7", "")


def test_throttled_sender_is_listed(app: Flask, client: FlaskClient) -> None:
    wrong = encode(make_payload(signature="wrong"))

    answers = [deliver(client, wrong).status_code for _ in range(62)]

    assert answers.count(429) == 2
    assert [(row.reason, row.status) for row in listed(app)] == [(RefusalReason.THROTTLED, 429)] * 2


def test_unknown_address_is_listed_with_the_job_that_the_body_names(
    app: Flask, client: FlaskClient, database: Database
) -> None:
    job = make_job(database)

    assert deliver(client, BODY, f"{DOOR}/AAAAAAAAAAAAAAAAAAAAAA").status_code == 404

    [row] = listed(app)
    assert (row.reason, row.job_id) == (RefusalReason.UNKNOWN_KEY, job.id)


@pytest.mark.parametrize("path", ["/hooks/nothing", "/hooks/smile/a/b"])
def test_what_is_no_delivery_is_not_listed(app: Flask, client: FlaskClient, path: str) -> None:
    client.get(DOOR)
    client.post(path)
    deliver(client, BODY)
    deliver(client, encode(make_payload(signature="wrong")))  # kept as a callback, as before

    assert listed(app) == []


def test_address_gets_twenty_rows_an_hour_and_the_rest_is_counted_on_the_last(app: Flask, client: FlaskClient) -> None:
    for number in range(50):
        deliver(client, b"{", environ_overrides={"REMOTE_ADDR": f"2001:db8::{number:x}"})  # one /64
    deliver(client, b"{", environ_overrides={"REMOTE_ADDR": "192.0.2.7"})

    rows = listed(app)
    of_one = [row for row in rows if row.source_network == "2001:db8::/64"]
    assert len(rows) == MOST_OF_NETWORK + 1
    assert [row.count for row in of_one] == [1] * (MOST_OF_NETWORK - 1) + [31]
    assert of_one[-1].last_at > of_one[-1].received_at


def test_bound_of_an_address_holds_across_batches_and_processes_and_ends_with_the_hour(
    app: Flask, database: Database
) -> None:
    now = utc_now()
    for number in range(30):
        store(database, refused(number, received_at=now))

    rows = listed(app)
    store(database, refused(99, received_at=now + timedelta(hours=1, minutes=1)))
    assert [row.count for row in rows] == [1] * 19 + [11]
    assert len(listed(app)) == 21


def test_the_last_thousand_are_kept(app: Flask, database: Database) -> None:
    for number in range(0, MOST_KEPT + 40, 40):
        store(database, *(refused(number + each, f"192.0.2.{each}-{number}") for each in range(40)))

    rows = listed(app)
    assert len(rows) == MOST_KEPT
    assert rows[0].size == 40


def test_counted_deliveries_of_an_address_whose_rows_are_gone_get_one(app: Flask, database: Database) -> None:
    store(database, counted=(refused(count=7),))

    assert [row.count for row in listed(app)] == [7]


def test_another_environment_keeps_its_own(app: Flask, database: Database) -> None:
    with database.transaction() as session:
        store_refused(session, "production", [refused(1)])
    make_job(database, environment="production")
    store(database, refused(2, claimed_job_id="job-1"))

    assert [(row.environment, row.job_id) for row in listed(app)] == [("production", None), ("sandbox", None)]


def test_a_flood_reads_few_bodies_and_writes_once_a_second(
    app: Flask, client: FlaskClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads: list[bytes] = []
    monkeypatch.setattr(receiver, "job_named_in", lambda head: heads.append(head) or "")
    monkeypatch.setattr(context_of(app).refused_deliveries, "_write_after", 3600)
    before = database.commits

    for _ in range(500):
        deliver(client, BODY, content_type="text/plain")

    assert database.commits == before
    assert len(heads) == MOST_OF_NETWORK
    rows = listed(app)
    assert database.commits == before + 1
    assert sum(row.count for row in rows) == 500


def test_many_addresses_at_once_stay_within_the_memory(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    deliveries = RefusedDeliveries(database, "sandbox", write_after=3600)
    monkeypatch.setattr(buffer, "MOST_NETWORKS", 50)
    for number in range(2 * buffer.MOST_WAITING):
        one = refused(number, f"192.0.2.{number}")
        deliveries.note(one.source_address, one.received_at, lambda _, one=one: one)

    assert len(deliveries._rows) == buffer.MOST_WAITING
    assert len(deliveries._counted) <= 50
    deliveries.close()
    assert not deliveries._rows


def test_it_is_written_by_itself_a_moment_later(database: Database) -> None:
    deliveries = RefusedDeliveries(database, "sandbox", write_after=0.01)
    deliveries.note("192.0.2.1", utc_now(), lambda _: refused(claimed_job_id="job-1"))
    timer = deliveries._timer
    assert timer is not None
    timer.join(20)

    with database.reading() as session:
        [row] = session.exec(select(RefusedDelivery).order_by(RefusedDelivery.id)).all()
    assert row.claimed_job_id == "job-1"


def test_what_cannot_be_written_is_lost_and_said(
    database: Database, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: Any) -> None:
        raise OperationalError("INSERT", {}, Exception("disk full"))

    monkeypatch.setattr(buffer, "store_refused", fail)
    deliveries = RefusedDeliveries(database, "sandbox", write_after=3600)
    deliveries.note("192.0.2.1", utc_now(), lambda _: refused())

    deliveries.write()

    deliveries.close()
    captured = capfd.readouterr()
    assert "refused_deliveries_not_stored" in captured.out + captured.err


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b'{"PartnerParams": {"job_id": "job-1"', "job-1"),
        (b'{"job_id"\n :\t"a b"', "a b"),
        (b'{"job_id": 7}', ""),
        (b'{"job_id": ""}', ""),
        (b'{"job_id": "' + b"x" * 201 + b'"}', ""),
        (b'{"job_id": "a\\u0000"}', ""),
        (b'{"job_id": "\x00"}', ""),
        (b"", ""),
    ],
)
def test_job_is_read_where_it_can_be(head: bytes, name: str) -> None:
    assert job_named_in(head) == name


@given(st.binary(max_size=100) | st.text(max_size=40).map(lambda text: json.dumps({"job_id": text}).encode()))
def test_any_head_names_a_printable_job_or_none(head: bytes) -> None:
    name = job_named_in(head)

    assert name == "" or (name.isascii() and name.isprintable() and len(name) <= 200)


def test_only_the_first_64_kilobytes_are_looked_at(app: Flask, client: FlaskClient) -> None:
    deliver(client, b" " * 70_000 + BODY[:-1])

    assert [row.claimed_job_id for row in listed(app)] == [""]


def test_timeline_of_the_job_says_how_many_were_refused_and_why(
    app: Flask, client: FlaskClient, database: Database, sign_in: SignIn
) -> None:
    job = make_job(database)
    for body in (BODY[:-1], BODY[:-2]):
        deliver(client, body)
    listed(app)
    first = events(database, job)
    deliver(client, BODY, content_type="text/plain")
    listed(app)
    page = sign_in("cleo").get(f"/jobs/{job.id}").text

    [before], [event] = first, events(database, job)
    assert re.fullmatch(r"2 deliveries for this job were refused, the last .* UTC: not JSON\.", in_words(before))
    assert re.fullmatch(
        r"3 deliveries .*, the last .* UTC: not JSON \(2\), not sent as application/json \(1\)\.", in_words(event)
    )
    assert event.facts["reasons"] == {"not_json": 2, "media_type": 1}
    assert in_words(event) in page
    assert f'href="/callbacks/refused?job={job.id}"' in page


def events(database: Database, job: Job) -> list[JobEvent]:
    with database.reading() as session:
        of_job = select(JobEvent).where(JobEvent.job_id == job.id, JobEvent.kind == EventKind.REFUSED_DELIVERY)
        return list(session.exec(of_job).all())


def test_list_shows_what_was_refused_a_moment_ago(client: FlaskClient, database: Database, sign_in: SignIn) -> None:
    job = make_job(database)
    deliver(client, BODY, content_type="text/plain")
    deliver(client, b"{")
    signed_in = sign_in("cleo")

    page = signed_in.get("/callbacks/refused").text
    items = signed_in.get("/callbacks/refused.json").json["items"]
    of_job = signed_in.get(f"/callbacks/refused.json?job={job.id}").json
    by_name = signed_in.get("/callbacks/refused.json?job=job-1").json
    by_reason = signed_in.get("/callbacks/refused.json?reason=not_json").json
    by_day = signed_in.get(f"/callbacks/refused.json?day={utc_now().date()}").json
    bar = signed_in.get("/callbacks/today.json").json

    for words in ("Not sent as application/json", "Not JSON", "names none", f'href="/jobs/{job.id}"'):
        assert words in page
    assert [item["reason"] for item in items] == ["not_json", "media_type"]
    assert items[1]["reason_words"] == "not sent as application/json"
    assert (of_job["count"], by_name["count"], by_reason["count"], by_day["count"]) == (1, 1, 1, 2)
    assert bar["refused"] == 2
    assert re.search(r'href="/callbacks/refused\?day=[-0-9]+"[^>]*>\s*<span class="today-count">2</span> refused',
                     signed_in.get("/callbacks").text)  # fmt: skip


@pytest.mark.parametrize(
    "query", ["reason=x", "job=%00", "day=x", "day=0001-01-01", "after=x", "job=-", "reason=not_json&day=2020-01-01"]
)
def test_nonsense_finds_nothing_and_is_answered(sign_in: SignIn, database: Database, query: str) -> None:
    store(database, refused())

    answer = sign_in("ben").get(f"/callbacks/refused?{query}")

    assert answer.status_code == 200
    assert ("Nothing matches" in answer.text) == ("after" not in query)


def test_empty_list_says_what_will_be_there(sign_in: SignIn) -> None:
    page = sign_in("ben").get("/callbacks/refused").text

    assert "Nothing was refused" in page
    assert "Export CSV" not in page


def test_list_pages_by_key(sign_in: SignIn, database: Database) -> None:
    store(database, *(refused(number, f"192.0.2.{number}") for number in range(60)))
    signed_in = sign_in("ben")

    first = signed_in.get("/callbacks/refused.json").json
    second = signed_in.get(first["next"]).json

    sizes = [item["size"] for item in first["items"] + second["items"]]
    assert sizes == list(reversed(range(60)))
    assert (first["count"], second["next"]) == (60, None)


def test_csv_holds_what_the_filter_shows_and_the_trail_records_it(
    sign_in: SignIn, database: Database, session: Session
) -> None:
    store(database, refused(1, claimed_job_id="=cmd"), refused(2, reason=RefusalReason.NESTED))

    answer = sign_in("cleo").get("/callbacks/refused.csv?job==cmd")

    rows = list(csv.DictReader(io.StringIO(answer.text)))
    line = session.exec(select(AuditEntry).where(AuditEntry.action == "callback.refused_exported")).one()
    assert [(row["reason"], row["claimed_job_id"], row["count"]) for row in rows] == [("not_json", "'=cmd", "1")]
    assert line.details["job"] == "a search"
    sentences = [item["sentence"] for item in sign_in("ada").get("/audit.json").json["items"]]
    assert any(each.endswith("exported the list of refused deliveries") for each in sentences)


@pytest.mark.parametrize("address", ["/callbacks/refused", "/callbacks/refused.json", "/callbacks/refused.csv"])
def test_list_is_for_signed_in_members(client: FlaskClient, sign_in: SignIn, address: str) -> None:
    assert client.get(address).status_code in (302, 303, 401)
    assert sign_in("cleo").get(address).status_code == 200


def test_list_and_bar_are_read_by_an_index(app: Flask, database: Database, sign_in: SignIn) -> None:
    job = make_job(database)
    store(database, *(refused(number, f"192.0.2.{number}", claimed_job_id="job-1") for number in range(60)))
    signed_in = sign_in("ben")

    def read() -> None:
        for query in ("", "?day=2026-11-27", f"?job={job.id}"):
            assert signed_in.get(f"/callbacks/refused.json{query}").status_code == 200
        signed_in.get("/callbacks/today.json")
        store(database, refused())

    looks = plans_of(database, read, "refused_delivery")

    assert len(looks) >= 9
    assert [look for look in looks if "SCAN" in look or "TEMP B-TREE" in look] == []


def test_rule_of_refused_callbacks_erases_them_too(database: Database) -> None:
    now = utc_now()
    old = first_id_of(now - timedelta(days=31))
    store(database, refused(1, received_at=now - timedelta(days=31), id=old), refused(2, "192.0.2.2"))

    with database.transaction() as session:
        due = what_would_go(session, read_rules(session), now)["refused"]
        count, _ = erase_batch(session, "refused", 30, now)

    with database.reading() as session:
        left = [row.size for row in session.exec(select(RefusedDelivery).order_by(RefusedDelivery.id)).all()]
    assert (due.count, count, left) == (1, 1, [2])


def test_erasing_a_person_erases_what_names_their_job(database: Database) -> None:
    job = make_job(database, "customer-joe-doe")
    with database.transaction() as session:
        row = session.get_one(Job, job.id)
        row.customer_reference, row.state, row.due_at = "customer-7", JobState.EXPIRED, None
    store(
        database,
        refused(1, claimed_job_id="customer-joe-doe"),
        refused(2, claimed_job_id="another"),
    )

    with database.transaction() as session:
        found = find_person(session, "customer-7")
        erase_person(session, found, [job.id], "ada@example.com", None, utc_now())
    store(database, refused(3, claimed_job_id="customer-joe-doe"))

    with database.reading() as session:
        rows = session.exec(select(RefusedDelivery).order_by(col(RefusedDelivery.id))).all()
        told = session.exec(
            select(JobEvent).where(JobEvent.kind == EventKind.REFUSED_DELIVERY).order_by(JobEvent.id)
        ).all()
    assert [row.size for row in rows] == [2, 3]
    assert rows[1].job_id == job.id
    assert rows[1].claimed_job_id.startswith("erased-")
    assert "joe" not in repr([(in_words(event), event.facts) for event in told])


def test_nothing_of_the_body_is_kept_or_logged(
    app: Flask, client: FlaskClient, capfd: pytest.CaptureFixture[str]
) -> None:
    deliver(client, BODY[:-1])

    [row] = listed(app)
    captured = capfd.readouterr()
    for hidden in ("Joe Doe", "00000000000"):
        assert hidden not in repr(row.model_dump()) + captured.out + captured.err
