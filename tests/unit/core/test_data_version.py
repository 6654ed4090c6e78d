"""What is the same for many readers is made once, and made again as soon as anybody commits anything."""

from collections.abc import Callable

import pytest
from sqlalchemy import text

from dashboard import data_version
from dashboard.db import Database, once_per_change
from dashboard.recorded_reads import recorded

pytestmark = pytest.mark.both_engines

COUNT = text("SELECT count(*) FROM setting")
ADD = text("INSERT INTO setting (name, value, changed_at) VALUES (:name, '1', CURRENT_TIMESTAMP)")


@pytest.fixture(autouse=True)
def asked_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_version, "SECONDS_BETWEEN_QUESTIONS", 0.0)


@pytest.fixture
def count(database: Database) -> Callable[..., int]:
    """How many settings there are, as a reader is told."""

    def counted(*, shares: bool = True) -> int:
        with database.reading(shares=shares) as session:
            return once_per_change(session, "settings", lambda: session.connection().execute(COUNT).scalar_one())

    return counted


def add(database: Database, name: str) -> None:
    with database.transaction_of_statements() as connection:
        connection.execute(ADD, {"name": name})


def test_a_commit_of_this_process_counts_at_once(
    database: Database, count: Callable[..., int], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(data_version, "SECONDS_BETWEEN_QUESTIONS", 60.0)
    before = count()

    add(database, "one")

    assert count() == before + 1


def test_a_commit_of_another_process_counts(database: Database, database_url: str, count: Callable[..., int]):
    other, before = database.sibling(database_url), count()

    add(other, "one")
    other.dispose()

    assert count() == before + 1


def test_without_a_commit_it_is_not_read_again(database: Database, count: Callable[..., int]):
    before = count()
    with database.engine.connect() as connection:  # a change that nobody committed
        connection.execute(ADD, {"name": "one"})
        assert count() == before
        connection.rollback()


def test_time_alone_makes_it_again(database: Database, count: Callable[..., int], monkeypatch: pytest.MonkeyPatch):
    made: list[int] = []

    def ask() -> int:
        with database.reading(shares=True) as session:
            return once_per_change(session, "made", lambda: made.append(1) or len(made))

    monkeypatch.setattr(data_version, "SECONDS_KEPT", -1.0)

    assert [ask(), ask()] == [1, 2]


def test_who_uses_a_kept_value_depends_on_what_it_was_made_of(database: Database, count: Callable[..., int]):
    count()

    with recorded() as reads:
        count()
    add(database, "one")

    assert [statement for statement, _ in reads.statements] == [str(COUNT)]
    assert database.digests_of(reads.statements) != reads.digests


def test_a_reader_who_does_not_share_reads_for_itself(database: Database, count: Callable[..., int]):
    with recorded() as reads:
        count(shares=False)
        count(shares=False)

    assert len(reads.statements) == 2
