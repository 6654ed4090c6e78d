"""The index of the callbacks' search texts: SQLite's FTS5, or PostgreSQL's pg_trgm, by parts of three characters.

The worker fills it after callbacks were acknowledged, from the oldest to the newest, so receiving pays nothing for it.
Refused callbacks stay out: they are few, and the receiver deletes the oldest of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, func, literal, literal_column, or_, text, type_coerce
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from dashboard.callbacks.models import REFUSED_VERDICTS, Callback, CallbackSearch
from dashboard.db import IdDigits, first_id_of, insert_into
from dashboard.stored_settings import Setting, read_setting, write_setting

INDEXED_UP_TO = "callbacks_indexed_up_to"
#: The shortest part of a text that the index knows.
SHORTEST = 3
#: SQLite reads all that it knows of every three characters of a phrase. So it looks up only so many characters: those
#: that fewest of some texts have. The condition on the text confirms the rest.
LOOKED_UP, SAMPLE = 5, 100
#: A callback may be committed after others that came later. By then it is there, or its transaction was ended.
COMMITTED_AFTER = timedelta(minutes=2)
FIRST = UUID(int=0)
#: The virtual table on SQLite. It has the number of a row of CallbackSearch as its `rowid`.
TRIGRAMS = "callback_search_trigrams"
FORGET = text(
    "INSERT INTO callback_search_trigrams (callback_search_trigrams, rowid, text) VALUES ('delete', :number, :text)"
)
ADD = text("INSERT INTO callback_search_trigrams (rowid, text) VALUES (:number, :text)")
ADD_NEWEST = text(
    "INSERT INTO callback_search_trigrams (rowid, text) SELECT number, text FROM callback_search WHERE number > :last"
)
#: SQLite must begin with the trigrams: CROSS JOIN keeps the order.
JOINED = text(
    "callback_search_trigrams CROSS JOIN callback_search ON callback_search.number = callback_search_trigrams.rowid"
)
MATCHES = text("callback_search_trigrams MATCH :phrases")
NEWEST_FIRST = text("callback_search_trigrams.rowid DESC")


@dataclass(frozen=True)
class TextPart:
    """A part of a search text, or with `is_word` a whole word or folded id. See `with_folded_ids`."""

    text: str
    is_word: bool = False

    def condition(self, column: Any) -> ColumnElement[bool]:
        """The condition on a column with search texts."""
        if not self.is_word:
            return column.contains(self.text, autoescape=True)  # type: ignore[no-any-return]
        words: Any = literal(" ") + column + " "
        return or_(*(words.contains(phrase, autoescape=True) for phrase in self.phrases))

    @property
    def phrases(self) -> list[str]:
        """What the index looks up: texts are stored in it with a space on either side."""
        return [f" {self.text} ", f" ~{self.text} "] if self.is_word else [self.text]

    @property
    def is_indexed(self) -> bool:
        """Whether the index tells texts that have it from others. Of 0000000 it knows no more than of 000."""
        lengths_and_signs = [(len(phrase), len(set(phrase))) for phrase in self.phrases]
        return all(length == SHORTEST or (length > SHORTEST and signs > 1) for length, signs in lengths_and_signs)


def condition_of(parts: Sequence[TextPart], column: Any) -> ColumnElement[bool]:
    return or_(*(part.condition(column) for part in parts))


def find_indexed(session: Session, environment: str, parts: Sequence[TextPart], limit: int) -> Sequence[str]:
    """Ids of indexed callbacks whose text has one of the parts, the newest first. Each part `is_indexed`."""
    if not parts:
        return ()
    phrases = [phrase for part in parts for phrase in part.phrases]
    if session.get_bind().dialect.name == "sqlite":
        rare = _rare_parts(session, phrases)
        quoted = ['"{}"'.format(phrase.replace('"', '""')) for phrase in rare]
        found = select_columns(literal_column("callback_search.callback_id", IdDigits())).select_from(JOINED)
        found = found.where(MATCHES.bindparams(phrases=" OR ".join(quoted)))
        stored: Any = literal_column("callback_search.text", String())
        found = found.where(literal_column("callback_search.environment", String()) == environment)
        found = found.where(condition_of(parts, stored)).order_by(NEWEST_FIRST)
    else:
        stored = col(CallbackSearch.text)
        found = select_columns(type_coerce(col(CallbackSearch.callback_id), IdDigits))
        found = found.where(col(CallbackSearch.environment) == environment)
        # A pattern without a padded column is what the index of trigrams looks up; the parts themselves confirm it.
        found = found.where(or_(*(stored.like(_pattern(phrase), escape="\\") for phrase in phrases)))
        found = found.where(condition_of(parts, stored)).order_by(col(CallbackSearch.number).desc())
    return session.connection().execute(found.limit(limit)).scalars().all()


def newest_indexed(environment: str, parts: Sequence[TextPart], most: int) -> Select[str]:
    """Selects those of the newest indexed callbacks whose text has one of the parts. All of them are read."""
    found = select_columns(type_coerce(col(CallbackSearch.callback_id), IdDigits)).where(_is_among(most))
    return found.where(col(CallbackSearch.environment) == environment, condition_of(parts, col(CallbackSearch.text)))


def _is_among(newest: int) -> ColumnElement[bool]:
    number = col(CallbackSearch.number)
    return number > select_columns(func.max(number)).scalar_subquery() - newest


def _rare_parts(session: Session, phrases: Sequence[str]) -> Sequence[str]:
    """Of each phrase the part that fewest of the newest texts have, by the most frequent three characters in it."""
    texts = (
        session.connection().execute(select_columns(col(CallbackSearch.text)).where(_is_among(SAMPLE))).scalars().all()
    )

    def rare_part(phrase: str) -> str:
        counts = [sum(phrase[at : at + SHORTEST] in each for each in texts) for at in range(len(phrase) - SHORTEST + 1)]
        begins = range(len(phrase) - LOOKED_UP + 1)
        by_count = {at: sorted(counts[at : at + LOOKED_UP - SHORTEST + 1], reverse=True) for at in begins}
        rarest = min(by_count, key=by_count.__getitem__, default=0)
        return phrase[rarest : rarest + LOOKED_UP]

    return [rare_part(phrase) for phrase in phrases]


def _pattern(phrase: str) -> str:
    escaped = phrase.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def indexed_up_to(session: Session) -> UUID:
    """The last callback that was indexed. Later ones are not in the index."""
    return UUID(read_setting(session, INDEXED_UP_TO) or str(FIRST))


def index_next(session: Session, limit: int, through: UUID, now: datetime) -> int:
    """Indexes the next callbacks up to `through`. Returns how many it went through. Safe to run twice."""
    ends = min(through, first_id_of(now - COMMITTED_AFTER))
    columns = (Callback.id, Callback.environment, Callback.body_sha256, Callback.search_text, Callback.verdict)
    rows = (
        select_columns(*map(col, columns))
        .where(col(Callback.id) > indexed_up_to(session), col(Callback.id) < ends)
        .order_by(col(Callback.id))
        .limit(limit)
        # Locked, so that an erasure at the same time comes before the look at the text, or finds it in the index.
        .with_for_update()
    )
    callbacks = session.connection().execute(rows).all()
    if callbacks:
        _lock_position(session)
        _add(session, [row for row in callbacks if row.verdict not in REFUSED_VERDICTS])
        write_setting(session, INDEXED_UP_TO, str(callbacks[-1].id), now)
    return len(callbacks)


def index_accepted(session: Session, callback: Callback) -> None:
    """Adds a callback that was refused at first, if its turn is over."""
    _lock_position(session)
    if callback.id <= indexed_up_to(session) and callback.verdict not in REFUSED_VERDICTS:
        _add(session, [callback])


def _lock_position(session: Session) -> None:
    """Makes others that add to the index wait, so that each number is given once."""
    session.get(Setting, INDEXED_UP_TO, with_for_update=True, populate_existing=True)


def _add(session: Session, callbacks: Sequence[Any]) -> None:
    connection = session.connection()
    last = connection.execute(select_columns(func.coalesce(func.max(CallbackSearch.number), 0))).scalar_one()
    rows = [
        {
            "number": number,
            "callback_id": callback.id,
            "environment": callback.environment,
            "body_sha256": callback.body_sha256,
            "text": f" {callback.search_text} ",
        }
        for number, callback in enumerate(callbacks, last + 1)
    ]
    if not rows:
        return
    insert = insert_into(session, CallbackSearch).on_conflict_do_nothing(index_elements=["callback_id"])
    connection.execute(insert, rows)
    if connection.dialect.name == "sqlite":
        connection.execute(ADD_NEWEST, {"last": last})


def lock_texts(session: Session, callbacks: Sequence[Callback]) -> None:
    """For an erasure that goes on to lock what comes later in `dashboard/lock_order.py`."""
    ids = [callback.id for callback in callbacks]
    rows = select(CallbackSearch.number).where(col(CallbackSearch.callback_id).in_(ids))
    session.exec(rows.order_by(col(CallbackSearch.number)).with_for_update()).all()


def forget_texts(session: Session, callback_ids: Sequence[UUID]) -> None:
    """Takes the texts of erased callbacks out of the index. Their SHA-256 are still found."""
    of_callbacks = select(CallbackSearch).where(col(CallbackSearch.callback_id).in_(callback_ids))
    rows = session.exec(of_callbacks.order_by(col(CallbackSearch.number)).with_for_update()).all()
    if rows and session.get_bind().dialect.name == "sqlite":
        session.connection().execute(FORGET, [{"number": row.number, "text": row.text} for row in rows])
        session.connection().execute(ADD, [{"number": row.number, "text": ""} for row in rows])
    for row in rows:
        row.text = ""
