"""Flips one bit of one sealed value or file at a time, and walks over all that could stumble over it."""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlmodel import select

from dashboard.app import create_app
from dashboard.backups.checking import check_deployment
from dashboard.config import Settings
from dashboard.context import context_of
from dashboard.crypto import CANNOT_BE_OPENED, KeyRing
from dashboard.db import Database, utc_now
from dashboard.features import metadata
from dashboard.jobs.models import Image
from dashboard.privacy.files import remove_files
from dashboard.privacy.rotation import count_under_old_keys, rotate_keys
from dashboard.privacy.unreadable import IMAGES, SealedPlace
from dashboard.sealed import SealedColumn
from dashboard.smile import transport
from tests.conftest import ENCRYPTION_KEY, let_in
from tests.factories.clients import replace_clients
from tests.factories.everything import Everything, make_everything
from tests.factories.features import REGISTERED
from tests.factories.links import FakeTokens
from tests.factories.persons import AMINA
from tests.factories.rollups import fold_all
from tests.factories.team import PASSWORD, SECOND_STEP, make_member

NEW_KEY = "YW5vdGhlci1vbmUtYW5vdGhlci1vbmUtYW5vdGhlci0="
OLD_FIRST, NEW_FIRST = (ENCRYPTION_KEY, NEW_KEY), (NEW_KEY, ENCRYPTION_KEY)
SOME_ID = "01890000-0000-7000-8000-000000000000"
REASON = {"reason": "review"}
KINDS = (*(column.full_name for column in REGISTERED.sealed_columns), IMAGES)


@dataclass
class Drill:
    """What was done, and all that went wrong."""

    flips: int = 0
    answers: int = 0
    tasks: int = 0
    failed: list[str] = field(default_factory=list)  # answers with 5xx, and tasks that raised
    not_named: list[str] = field(default_factory=list)
    rotation: list[str] = field(default_factory=list)  # what stopped it or was left under the old key


def run_drill(settings: Settings, groups: Iterable[Sequence[str]], chance: random.Random) -> Drill:
    """One flip for each kind of a group. Each group has a deployment that is made for it."""
    drill = Drill()
    database, rotating = (Database(settings.database_url, KeyRing.from_base64(keys)) for keys in (OLD_FIRST, NEW_FIRST))
    app = create_app(settings, database=database)
    app.config["WTF_CSRF_ENABLED"] = False
    replace_clients(app, tokens=FakeTokens())
    try:
        for kinds in groups:
            _empty(database, settings)
            with app.app_context():
                everything = make_everything(database, settings)
            fold_all(database, utc_now())  # Reports are made of sums.
            ada = app.test_client()
            let_in(ada, make_member(database, "ada"))
            places = [flip(database, settings, kind, chance) for kind in kinds]
            drill.flips += len(places)
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(transport, "RETRY_WAIT_SECONDS", 0)  # nothing listens where Smile would
                _walk(drill, app, ada, everything, places)
            _check(drill, database, settings, places)
            _rotate(drill, rotating, settings, places)
            _erase(drill, ada, everything, places)
    finally:
        context_of(app).database.stop_background()
        database.dispose()
        rotating.dispose()
    return drill


def flip(database: Database, settings: Settings, kind: str, chance: random.Random) -> SealedPlace:
    """One bit of one value of this kind."""
    if kind == IMAGES:
        return _flip_in_file(database, settings, chance)
    [column] = [each for each in REGISTERED.sealed_columns if each.full_name == kind]
    with database.transaction() as session:
        rows = session.connection().execute(select(column.key, column.value).where(column.value.is_not(None))).all()
        filled = [(row_id, value) for row_id, value in rows if value and column.take_out(value)]
        row_id, value = chance.choice(sorted(filled))
        sealed = column.take_out(value)
        assert sealed
        changed = column.put_in(value, _flipped(sealed, chance))
        session.connection().execute(update(column.table).where(column.key == row_id).values({column.name: changed}))
    return SealedPlace(kind, row_id)


def _flip_in_file(database: Database, settings: Settings, chance: random.Random) -> SealedPlace:
    with database.reading() as session:
        image = chance.choice(session.exec(select(Image).order_by(Image.id)).all())  # type: ignore[arg-type]
    path = settings.media_root / "sandbox" / image.media_path
    path.write_bytes(_flipped(path.read_bytes(), chance))
    return SealedPlace(IMAGES, image.id)


def _flipped(sealed: bytes, chance: random.Random) -> bytes:
    position, bit = chance.randrange(len(sealed)), chance.randrange(8)
    return sealed[:position] + bytes([sealed[position] ^ 1 << bit]) + sealed[position + 1 :]


def _walk(drill: Drill, app: Flask, ada: FlaskClient, everything: Everything, places: Sequence[SealedPlace]) -> None:
    """Every page, poll, JSON and file; every press that opens something; every task and all periodic work."""
    for client, method, address, data in _requests(app, ada, everything):
        answer = client.open(address, method=method, data=data)
        drill.answers += 1
        if answer.status_code >= 500:
            drill.failed.append(f"{_named(places)}: {method} {address} {answer.status_code}")
        _ = answer.data
        answer.close()
    with app.app_context():
        for name, run in _background(app):
            drill.tasks += 1
            try:
                run()
            except Exception as error:
                drill.failed.append(f"{_named(places)}: {name} {type(error).__name__}")


def _requests(
    app: Flask, ada: FlaskClient, everything: Everything
) -> Iterator[tuple[FlaskClient, str, str, dict[str, Any] | None]]:
    job, callback, link = (f"/{name}/{row.id}" for name, row in _rows(everything))
    for address in sorted(_pages(app, everything)):
        yield ada, "GET", address, None
    for address in (f"/jobs/new?again={everything.job.id}", f"/links/new?again={everything.link.id}"):
        yield ada, "GET", address, None
    yield ada, "GET", f"{callback}?verified=now", None
    for address in (job, callback, link, f"{callback}/compare/{everything.other.id}"):
        yield ada, "POST", f"{address}/reveals", REASON
    yield ada, "POST", f"{callback}/verifications", {}
    yield ada, "POST", f"{callback}/processing", {}
    yield ada, "POST", f"{job}/dealt-with", {"reason": "Seen."}
    yield ada, "POST", "/callbacks/processing-runs", {"q": AMINA.job_id}
    yield ada, "POST", "/privacy/searches", {"identifier": AMINA.reference}
    yield ada, "POST", "/privacy/exports", {"identifier": AMINA.reference, "job": [str(everything.job.id)]}
    yield ada, "POST", "/settings/callbacks/keys", {"api_key": "another-key-0002"}
    yield app.test_client(), "POST", f"/v/{everything.code}/start", {"consent": "yes", "language": "en"}
    stranger = app.test_client()
    yield stranger, "POST", "/sign-in", {"email": "ada@example.com", "password": PASSWORD}
    yield stranger, "POST", SECOND_STEP, {"code": "000000"}


def _rows(everything: Everything) -> tuple[tuple[str, Any], ...]:
    return ("jobs", everything.job), ("callbacks", everything.callback), ("links", everything.link)


def _pages(app: Flask, everything: Everything) -> Iterator[str]:
    known = {
        "job_id": everything.job.id,
        "image_id": everything.image.id,
        "callback_id": everything.callback.id,
        "other_id": everything.other.id,
        "link_id": everything.link.id,
        "run_id": everything.run_id,
        "code": everything.code,
        "field": "1",
        "color": "0b5d4e",
    }
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if "GET" in (rule.methods or ()):
                values = {name: known.get(name, SOME_ID) for name in rule.arguments}
                built = rule.build(values, append_unknown=False)
                assert built
                yield built[1]


def _background(app: Flask) -> Iterator[tuple[str, Any]]:
    """Each task for all rows that are due by then, and all periodic work."""
    parts, now = context_of(app), utc_now()
    for task in parts.features.tasks:
        if task.find_due is None:
            continue
        with parts.database.reading() as session:
            ids = task.find_due(session, "sandbox", now + timedelta(hours=1), 100)
        for row_id in ids:
            yield task.name, lambda run=task.run, row_id=row_id: run(row_id)
    for periodic in parts.features.periodic:
        yield periodic.name, lambda run=periodic.run: run(now)


def _check(drill: Drill, database: Database, settings: Settings, places: Sequence[SealedPlace]) -> None:
    """Each has a line, and nothing else has."""
    problems = list(check_deployment(database, settings, REGISTERED.sealed_columns, every_value=True))
    damaged = sorted(f"{place}: {CANNOT_BE_OPENED}" for place in places if _is_kept(database, place))
    if sorted(problems) != damaged:
        drill.not_named.append(f"{_named(places)}: {problems}")


def _rotate(drill: Drill, rotating: Database, settings: Settings, places: Sequence[SealedPlace]) -> None:
    named: list[SealedPlace] = []
    try:
        count = sum(part.count for part in rotate_keys(rotating, settings, REGISTERED.sealed_columns, named.append))
        left = sum(part.count for part in count_under_old_keys(rotating, settings, REGISTERED.sealed_columns))
    except Exception as error:
        drill.rotation.append(f"{_named(places)}: {type(error).__name__}")
        return
    if left or not count or sorted(named) != sorted(place for place in places if _is_kept(rotating, place)):
        drill.rotation.append(f"{_named(places)}: {count} sealed again, {left} left, named {named}")


def _erase(drill: Drill, ada: FlaskClient, everything: Everything, places: Sequence[SealedPlace]) -> None:
    typed = {"identifier": AMINA.reference, "job": [str(everything.job.id)], "confirmation": AMINA.reference}
    answer = ada.post("/privacy/erasures", data=typed)
    drill.answers += 1
    if answer.status_code != 303:
        drill.failed.append(f"{_named(places)}: erasure {answer.status_code}")


def _named(places: Sequence[SealedPlace]) -> str:
    return ", ".join(place.name for place in places)


def _is_kept(database: Database, place: SealedPlace) -> bool:
    """A message that was sent, or given up, holds nothing any more."""
    if place.name == IMAGES:
        return True
    with database.reading() as session:
        column = _column(place)
        value = session.exec(select(column.value).where(column.key == place.row_id)).first()
    return bool(value and column.take_out(value))


def _column(place: SealedPlace) -> SealedColumn:
    return next(each for each in REGISTERED.sealed_columns if each.full_name == place.name)


def _empty(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        for table in reversed(metadata.sorted_tables):
            session.connection().execute(table.delete())
    root = settings.media_root
    remove_files(settings, [str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()])
