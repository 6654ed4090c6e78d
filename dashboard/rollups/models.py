"""The tables RollupDelta, Rollup and RollupGeneration.

Triggers of the database write the deltas (migration 0025), so that no code that changes a counted row can forget one.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from dashboard.db import UtcDateTime, new_id

#: The columns that rows are counted by; empty where a counted table has no such column, or a row no value.
DIMENSIONS = (
    *("api", "state", "outcome", "warnings", "verdict", "kind", "product", "country", "id_type", "maker"),
    *("code", "took"),
)


class RollupDelta(SQLModel, table=True):
    """A change that is not folded yet: a row came (1), or left its old place (-1). One that moved has both."""

    __tablename__ = "rollup_delta"
    __table_args__ = {"sqlite_with_rowid": False}  # Each change of a job writes here: one tree is enough.

    counted: str = Field(primary_key=True)  # the name of the counted table
    id: UUID = Field(default_factory=new_id, primary_key=True)
    row_id: UUID
    change: int
    environment: str
    api: str = ""
    state: str = ""
    outcome: str = ""
    warnings: str = ""  # the kinds in alphabetical order, with spaces between them
    verdict: str = ""
    kind: str = ""
    product: str = ""
    country: str = ""
    id_type: str = ""
    maker: str = ""
    code: str = ""
    took: str = ""  # from submission to result, as a class of durations.py


class Rollup(SQLModel, table=True):
    """How many rows of one kind and period there are. Dimensions that the cube does not have are empty."""

    __tablename__ = "rollup"
    __table_args__ = {"sqlite_with_rowid": False}  # The key is nearly the whole row.

    generation: int = Field(primary_key=True)
    cube: str = Field(primary_key=True)
    environment: str = Field(primary_key=True)
    starts: int = Field(primary_key=True, sa_type=BigInteger)  # of the period, in seconds since 1970
    api: str = Field(primary_key=True)
    state: str = Field(primary_key=True)
    outcome: str = Field(primary_key=True)
    warnings: str = Field(primary_key=True)
    verdict: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    product: str = Field(primary_key=True)
    country: str = Field(primary_key=True)
    id_type: str = Field(primary_key=True)
    maker: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    took: str = Field(primary_key=True)
    total: int


class RollupGeneration(SQLModel, table=True):
    """One count of a whole table, from its oldest row to its newest. Lists use the newest one that is complete."""

    __tablename__ = "rollup_generation"

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    counted: str  # the name of the counted table
    zone: str  # in which its days and months begin
    through: UUID  # Rows up to this one are counted, so only their deltas are folded.
    is_complete: bool = False
    quarters_from: int = Field(
        sa_type=BigInteger
    )  # the beginning of the oldest quarter of an hour that is kept, in seconds since 1970.
    began_at: datetime = Field(sa_type=UtcDateTime)
