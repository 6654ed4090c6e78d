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
    """Statements with their parameters, in order, each with a digest of its rows: the rows themselves may be personal.

    `is_repeatable`: they are all that was done, and nothing was changed.
    """

    statements: list[Statement] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)
    is_repeatable: bool = True

    def note(self, connection: Connection, statement: str, parameters: Any) -> None:
        is_read = not connection.get_execution_options().get("is_write") and statement.startswith(("SELECT", "WITH"))
        if not is_read or len(repr(parameters)) > LONGEST_PARAMETERS:
            self.is_repeatable = False
        if self.is_repeatable:
            # Read once more within the same transaction: the first cursor's rows are for the one who asked.
            self.digests += digests_of_rows(connection, [(statement, parameters)])
            self.statements.append((statement, parameters))

    def add(self, other: "RecordedReads") -> None:
        self.statements += other.statements
        self.digests += other.digests
        self.is_repeatable &= other.is_repeatable


_RECORDING: ContextVar[RecordedReads | None] = ContextVar("recording", default=None)


def let_reads_be_recorded(engine: Engine) -> None:
    @event.listens_for(engine, "after_cursor_execute")
    def note(connection: Connection, _: Any, statement: str, parameters: Any, *__: Any) -> None:
        if reads := _RECORDING.get():
            reads.note(connection, statement, parameters)


@contextmanager
def recorded() -> Iterator[RecordedReads]:
    """Records what this thread reads within the block."""
    reads = RecordedReads()
    before = _RECORDING.set(reads)
    try:
        yield reads
    finally:
        _RECORDING.reset(before)


def note_again(reads: RecordedReads) -> None:
    """Notes what was read before, for code that uses it again without reading it."""
    if outer := _RECORDING.get():
        outer.add(reads)


def digests_of_rows(connection: Connection, statements: Sequence[Statement]) -> list[bytes]:
    """Of the rows that each statement reads."""
    digests = []
    cursor = connection.connection.cursor()
    try:
        for statement, parameters in statements:
            cursor.execute(statement, parameters)
            rows = repr(cursor.fetchall()).encode(errors="backslashreplace")
            digests.append(blake2b(rows, digest_size=16).digest())
    finally:
        cursor.close()
    return digests
