"""Lines of a trail, and what somebody with access to the database could do to them."""

import random
from typing import Any
from uuid import uuid4

from sqlalchemy import LargeBinary, String, cast, delete, literal, update
from sqlmodel import col, select

from dashboard.audit.chain import ChainReport, check_chain
from dashboard.audit.models import AuditEntry
from dashboard.audit.trail import record
from dashboard.db import Database, utc_now

TABLE = AuditEntry.__table__  # type: ignore[attr-defined]


def write_lines(database: Database, count: int) -> None:
    """Lines that fill every column, with a letter that JSON writes as an escape."""
    with database.transaction() as session:
        for number in range(count):
            entry = record(session, "job.revealed", f"job {uuid4()}", utc_now(), who="zoé@example.com")
            entry.member_id, entry.from_address = uuid4(), f"192.0.2.{number % 250}"
            entry.details = {"reason": "support case", "note": f"näher angesehen {number}", "other": "é"}
            entry.hash = entry.compute_hash()
            session.flush()


def report_of(database: Database) -> ChainReport:
    with database.reading() as session:
        return check_chain(session)


def break_line(database: Database, number: int, **values: Any) -> None:
    with database.transaction() as session:
        session.connection().execute(update(AuditEntry).where(col(AuditEntry.sequence) == number).values(**values))


def remove_lines(database: Database, *numbers: int) -> None:
    with database.transaction() as session:
        session.connection().execute(delete(AuditEntry).where(col(AuditEntry.sequence).in_(numbers)))


def copy_of_lines(database: Database) -> list[dict[str, Any]]:
    with database.reading() as session:
        return [dict(row) for row in session.connection().execute(select(TABLE)).mappings()]


def restore(database: Database, lines: list[dict[str, Any]]) -> None:
    with database.transaction() as session:
        session.connection().execute(delete(AuditEntry))
        session.connection().execute(TABLE.insert(), lines)


def flip_one_bit(database: Database, number: int, name: str, chance: random.Random) -> None:
    """In what is stored: on SQLite the very bytes, on PostgreSQL the text form of the value."""
    column = TABLE.c[name]
    line = TABLE.c.sequence == number
    with database.transaction() as session:
        connection = session.connection()
        if name == "sequence":
            changed: Any = number ^ (1 << chance.randrange(12, 30))
        elif database.is_sqlite:
            raw = connection.execute(select(cast(column, LargeBinary)).where(line)).scalar_one()
            changed = cast(literal(_flipped(raw, chance), LargeBinary), String)
        else:
            text = connection.execute(select(cast(column, String)).where(line)).scalar_one()
            changed = cast(literal(_changed(name, text, chance), String), column.type)
        connection.execute(TABLE.update().where(line).values({column: changed}))


def _flipped(raw: bytes, chance: random.Random) -> bytes:
    place, bit = chance.randrange(len(raw)), chance.randrange(8)
    return raw[:place] + bytes([raw[place] ^ (1 << bit)]) + raw[place + 1 :]


def _changed(name: str, text: str, chance: random.Random) -> str:
    """One sign with its lowest bit turned, where that still is a value of its kind: others PostgreSQL never stores."""
    may_change = {
        "at": [text.index(".") + 1] if "." in text else [],
        "member_id": [place for place, sign in enumerate(text) if sign.isdigit()],
        "details": [place for place, sign in enumerate(text) if sign in "sprc"],
    }
    letters = [place for place, sign in enumerate(text) if sign.isascii() and sign.isalnum()]
    place = chance.choice(may_change.get(name, letters))
    return text[:place] + chr(ord(text[place]) ^ 1) + text[place + 1 :]
