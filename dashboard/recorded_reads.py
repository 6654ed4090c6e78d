"""Records what a block of code reads from the database, so that the same can be read again without that code."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, Engine, event

#: Longer parameters, such as the thousands of ids that a search found, are not worth their memory.
LONGEST_PARAMETERS = 10_000

Statement = tuple[str, Any]


@dataclass
class RecordedReads:
    """Statements with their parameters, in order. `is_repeatable`: they are all that was done, and nothing changed."""

    statements: list[Statement] = field(default_factory=list)
    is_repeatable: bool = True

    def note(self, statement: str, parameters: Any) -> None:
        is_read = statement.lstrip().startswith(("SELECT", "WITH"))
        if not is_read or len(repr(parameters)) > LONGEST_PARAMETERS:
            self.is_repeatable = False
        self.statements.append((statement, parameters))


_RECORDING: ContextVar[RecordedReads | None] = ContextVar("recording", default=None)


def let_reads_be_recorded(engine: Engine) -> None:
    @event.listens_for(engine, "before_cursor_execute")
    def note(_: Connection, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        if recorded := _RECORDING.get():
            recorded.note(statement, parameters)


@contextmanager
def recorded() -> Iterator[RecordedReads]:
    """Records what this thread reads within the block."""
    reads = RecordedReads()
    before = _RECORDING.set(reads)
    try:
        yield reads
    finally:
        _RECORDING.reset(before)


def digest_of_rows(connection: Connection, statements: Sequence[Statement]) -> bytes:
    """Reads the same again, and returns a digest of all rows: the rows themselves may be personal."""
    digest = blake2b(digest_size=16)
    cursor = connection.connection.cursor()
    try:
        for statement, parameters in statements:
            cursor.execute(statement, parameters)
            digest.update(repr(cursor.fetchall()).encode(errors="backslashreplace"))
    finally:
        cursor.close()
    return digest.digest()
