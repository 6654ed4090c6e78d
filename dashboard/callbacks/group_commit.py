"""One commit for all callbacks that arrive while the disk is busy with the commit before; for SQLite, with one writer.

Whoever gets the turn stores what all the waiting requests want, its own included. So the disk is synchronised once for
a group, no thread waits longer than two commits, and nobody is answered before what they sent is durable.
"""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar, cast

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from dashboard.db import Database

T = TypeVar("T")


@dataclass(eq=False)
class _Wish(Generic[T]):
    work: Callable[[Session], T]
    is_done: bool = False
    result: T | None = None
    error: SQLAlchemyError | None = None


class GroupCommit(Generic[T]):
    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = Lock()
        self._waiting: list[_Wish[T]] = []
        self._guard = Lock()  # of the list

    def run(self, work: Callable[[Session], T]) -> T:
        """What `work` returned, once it is committed; or the error of the database that kept its group from that."""
        wish = _Wish(work)
        with self._guard:
            self._waiting.append(wish)
        try:
            with self._turn:
                if not wish.is_done:
                    self._commit_together()
        finally:
            with self._guard:
                self._waiting.remove(wish)
        if wish.error:
            raise wish.error
        return cast(T, wish.result)

    def _commit_together(self) -> None:
        with self._guard:
            group = [wish for wish in self._waiting if not wish.is_done]
        try:
            with self._database.transaction() as session:
                for wish in group:
                    wish.result = wish.work(session)
        except SQLAlchemyError as error:
            for wish in group:
                wish.error = error
        for wish in group:
            wish.is_done = True
