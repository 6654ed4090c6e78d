"""Declares sealed columns. Each slice lists its own in feature.py; key rotation and checks go through them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import inspect
from sqlmodel import SQLModel


@dataclass(frozen=True)
class SealedColumn:
    """A column with sealed values. `associated_data` gives what a value is bound to, by the id of its row.

    `digest` names the column with a keyed digest for search, and `digested` gives the text that was digested.
    `take_out` and `put_in` are for a sealed value inside a larger one.
    """

    table: type[SQLModel]
    name: str
    associated_data: Callable[[UUID], str]
    digest: str = ""
    digested: Callable[[bytes], str] = bytes.decode
    take_out: Callable[[Any], bytes | None] = lambda value: value
    put_in: Callable[[Any, bytes], Any] = lambda _, sealed: sealed

    @property
    def full_name(self) -> str:
        return f"{self.table.__tablename__}.{self.name}"

    @property
    def key(self) -> Any:
        """The primary key column, which not every table calls `id`."""
        (key,) = inspect(self.table).primary_key
        return key

    @property
    def value(self) -> Any:
        """The column itself, for a query."""
        return getattr(self.table, self.name)
