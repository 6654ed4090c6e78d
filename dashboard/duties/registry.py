"""All duties by group and name. A new one is a line here and a function beside."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from dashboard.context import context_of
from dashboard.crypto import UnreadableValue
from dashboard.duties import keys, machine, network, people, storage
from dashboard.duties.duty import Duty, Finding, Look, Scene, State, bad
from dashboard.duties.handshakes import Encryption
from dashboard.jobs.smile_answers import SmileAnswer, read_smile_answer

DUTIES: Mapping[str, Mapping[str, Look]] = {
    "Keys": {
        "Secret key": keys.secret_key,
        "Encryption keys": keys.encryption_keys,
        "Age of the key for Smile": keys.smile_key_age,
        "Smile takes the key": keys.smile_key_works,
    },
    "Way in and out": {
        "Public address": network.public_address,
        "Encryption": network.encryption,
        "Smile's address": network.smile_address,
        "Clock": network.clock,
        "Proxies": network.proxies,
        "Source networks": network.source_networks,
        "Last callback": network.last_callback,
        "Overdue callbacks": network.overdue_callbacks,
        "Mail": network.mail,
    },
    "Data": {
        "Tables": storage.schema,
        "Database": storage.engine,
        "Queue": storage.queue,
        "Backup": storage.backup,
        "Worker": storage.worker,
    },
    "Machine": {
        "Instance folder": machine.instance_folder,
        "Room": machine.room,
        "Versions": machine.dependencies,
        "Debugging": machine.debugging,
        "Logs": machine.logs,
    },
    "People": {
        "Owners": people.owners,
        "Second factors": people.second_factors,
        "Audit trail": people.audit_trail,
        "How long data is kept": people.retention,
    },
}


def take_stock(
    app: Flask,
    session: Session,
    now: datetime,
    *,
    smile: SmileAnswer | None = None,
    proxies_seen: int | None = None,
    encryption: Encryption | None = None,
) -> list[Duty]:
    """How each of them stands. `smile`: what it answered just now; otherwise what the worker was last told counts."""
    settings, database = context_of(app).settings, context_of(app).database
    if smile is None:
        with suppress(SQLAlchemyError):
            smile = read_smile_answer(session)
    session.rollback()
    return look_at_all(Scene(settings, database, session, now, smile, app.debug, proxies_seen, encryption))


def look_at_all(scene: Scene) -> list[Duty]:
    return [Duty(group, name, _find(look, scene)) for group, looks in DUTIES.items() for name, look in looks.items()]


def worst_of(duties: Sequence[Duty]) -> State:
    severity = list(State)
    return max((duty.finding.state for duty in duties), key=severity.index, default=State.OK)


def twin(duties: Sequence[Duty]) -> dict[str, object]:
    """For a program: the page's twin, and `dashboard doctor --json`."""
    return {
        "state": worst_of(duties),
        "duties": [
            {
                "group": duty.group,
                "name": duty.name,
                "state": duty.finding.state,
                "sentence": duty.finding.sentence,
                "advice": duty.finding.advice,
            }
            for duty in duties
        ],
    }


def _find(look: Look, scene: Scene) -> Finding:
    """One that cannot be looked at does not hide the others; what the database said is not repeated."""
    try:
        return look(scene)
    except (SQLAlchemyError, OSError, UnreadableValue) as error:
        scene.session.rollback()  # PostgreSQL takes no more questions in a transaction in which one failed
        advice = "See the lines about the database and the keys first."
        return bad(f"This could not be looked at ({type(error).__name__}).", advice)
