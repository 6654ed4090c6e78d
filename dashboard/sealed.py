"""Which columns hold sealed values: each slice names its own in feature.py, and rotation and checks walk over them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import inspect
from sqlmodel import SQLModel


@dataclass(frozen=True)
class SealedColumn:
    """A column whose value is sealed, and what each value is bound to, by the id of its row.

    `digest` names a column beside it that holds a keyed digest for search, and `digested` tells what of the opened
    value it is of. `take_out` and `put_in` are for a value that is part of a larger one.
    """

    table: type[SQLModel]
    name: str
    identity: Callable[[UUID], str]
    digest: str = ""
    digested: Callable[[bytes], str] = bytes.decode
    take_out: Callable[[Any], bytes | None] = lambda value: value
    put_in: Callable[[Any, bytes], Any] = lambda _, sealed: sealed

    @property
    def full_name(self) -> str:
        return f"{self.table.__tablename__}.{self.name}"

    @property
    def key(self) -> Any:
        """The one column that names a row; a table that belongs to another one may call it after that."""
        (key,) = inspect(self.table).primary_key
        return key

    @property
    def value(self) -> Any:
        """The column itself, for a query."""
        return getattr(self.table, self.name)
