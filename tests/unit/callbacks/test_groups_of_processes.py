"""Groups of callbacks that two processes store at the same time: none is lost, counted twice or refused."""

import asyncio
import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest
from flask import Flask
from sqlmodel import col, select
from werkzeug.test import EnvironBuilder

from dashboard.app import create_app
from dashboard.callbacks.models import Callback
from dashboard.callbacks.receiving import acknowledging
from dashboard.callbacks.receiving.acknowledging import Delivery, Reply, acknowledge
from dashboard.callbacks.receiving.receiver import CallbackReceiver
from dashboard.config import Settings
from dashboard.crypto import KeyRing
from dashboard.db import Database, utc_now
from dashboard.web.serving.asgi import HttpAnswer
from tests.factories.callbacks import encode, make_payload, sign, timestamp_at
from tests.unit.web.loops import run_loop

pytestmark = pytest.mark.both_engines
ROUNDS, GROUP = 60, 12


@pytest.fixture
def processes(settings: Settings, keyring: KeyRing, tmp_path: Path) -> Iterator[list[Flask]]:
    """Two apps on one database, each with an engine of its own, as two web processes have."""
    databases = [Database(settings.database_url, keyring) for _ in range(2)]
    yield [create_app(settings, database=database) for database in databases]
    for database in databases:
        database.dispose()


def make_delivery(number: int, **changes: Any) -> Delivery:
    """Each signed for itself: a millisecond after the one before."""
    timestamp = timestamp_at(utc_now() - timedelta(minutes=1) + timedelta(milliseconds=number))
    body = encode(make_payload(job_id=f"job-{number}", timestamp=timestamp, signature=sign(timestamp)))
    return Delivery(
        **({"body": body, "headers": (), "source_address": "127.0.0.1"} | changes), received_at=utc_now(), job_key=None
    )  # type: ignore[arg-type]


def acknowledge_at_once(processes: Sequence[Flask], groups: Sequence[Sequence[Delivery]]) -> list[Reply]:
    barrier = Barrier(len(processes))

    def work(app: Flask, group: Sequence[Delivery]) -> list[Reply]:
        with app.app_context():
            barrier.wait(60)
            return acknowledge(group)

    with ThreadPoolExecutor(len(processes)) as pool:
        return [answer for answers in pool.map(work, processes, groups) for answer in answers]


def test_overlapping_groups_in_opposite_order_disturb_nobody(processes: list[Flask], database: Database):
    statuses: Counter[int] = Counter()
    for each in range(ROUNDS):
        group = [make_delivery(each * GROUP + number) for number in range(GROUP)]
        answers = acknowledge_at_once(processes, [group, group[::-1]])
        statuses.update(answer.status for answer in answers)

    with database.reading() as session:
        seen = Counter(session.exec(select(Callback.times_seen)).all())
    assert statuses == {200: 2 * ROUNDS * GROUP}
    assert seen == {2: ROUNDS * GROUP}


def test_repetitions_of_the_same_callbacks_in_opposite_order_are_all_counted(
    processes: list[Flask], database: Database
):
    group = [make_delivery(number) for number in range(GROUP)]
    acknowledge_at_once(processes[:1], [group])

    answers = [answer for _ in range(ROUNDS) for answer in acknowledge_at_once(processes, [group, group[::-1]])]

    with database.reading() as session:
        seen = Counter(session.exec(select(Callback.times_seen)).all())
    assert {answer.status for answer in answers} == {200}
    assert seen == {1 + 2 * ROUNDS: GROUP}


def test_one_that_the_database_refuses_harms_no_other_of_its_group(in_app: Flask, database: Database):
    """PostgreSQL takes no NUL in a text; SQLite takes it."""
    group = [make_delivery(0), make_delivery(1, source_address="127.0.0.1\0"), make_delivery(2)]

    answers = acknowledge(group)

    assert [answers[0].status, answers[2].status] == [200, 200]
    assert answers[1].status == (200 if database.is_sqlite else 503)
    with database.reading() as session:
        kept = session.exec(select(Callback.claimed_job_id).order_by(col(Callback.id))).all()
    assert {"job-0", "job-2"} <= set(kept)


def test_all_that_arrive_during_a_commit_share_the_next_one(
    app: Flask, database: Database, monkeypatch: pytest.MonkeyPatch
):
    is_inside, may_go_on = Event(), Event()
    store: Callable[..., Any] = acknowledging.store_callbacks

    def store_slowly(*arguments: Any) -> Any:
        is_inside.set()
        assert may_go_on.wait(60)
        return store(*arguments)

    monkeypatch.setattr(acknowledging, "store_callbacks", store_slowly)
    receiver, before = CallbackReceiver(app), database.commits
    requests = [EnvironBuilder("/smile", method="POST", data=make_delivery(number).body) for number in range(GROUP)]
    environs = [request.get_environ() | {"CONTENT_TYPE": "application/json"} for request in requests]

    async def arrive() -> list[HttpAnswer]:
        first = asyncio.create_task(receiver.answer(environs[0], has_come=True))
        await asyncio.to_thread(is_inside.wait, 60)
        others = [asyncio.create_task(receiver.answer(environ, has_come=True)) for environ in environs[1:]]
        await asyncio.sleep(0)
        may_go_on.set()
        return await asyncio.gather(first, *others)

    assert {answer.status for answer in run_loop(arrive())} == {"200 OK"}
    assert database.commits - before == 2


class NeverComes(io.RawIOBase):
    """A body of which the rest comes only once the test allows it."""

    def __init__(self, may_come: Event) -> None:
        self._may_come = may_come

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        assert self._may_come.wait(60)
        return 0


@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
def test_slow_sender_of_a_large_body_holds_up_no_commit(app: Flask, content_type: str):
    """Refused for its type, a body is read as well: it may name a job."""
    receiver, may_come = CallbackReceiver(app), Event()
    slow = EnvironBuilder("/smile", method="POST", content_type=content_type).get_environ()
    slow |= {"wsgi.input": NeverComes(may_come), "CONTENT_LENGTH": "1000000"}
    quick = EnvironBuilder("/smile", method="POST", data=make_delivery(0).body).get_environ()

    async def arrive() -> tuple[HttpAnswer, HttpAnswer]:
        first = asyncio.create_task(receiver.answer(slow, has_come=False))
        await asyncio.sleep(0.05)
        second = await receiver.answer(quick | {"CONTENT_TYPE": "application/json"}, has_come=True)
        assert not first.done()
        may_come.set()
        return second, await first

    second, first = run_loop(arrive())
    assert second.status == "200 OK"
    assert first.status[:3] == ("415" if content_type == "text/plain" else "400")
