"""What the list of members shows, field by field."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import tuple_
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from dashboard.permissions import Role
from dashboard.team.models import Member
from dashboard.web.lists.fields import Condition, Scope, choice
from dashboard.web.lists.filters import ListFilter

IS_DISABLED = col(Member.disabled_at).is_not(None)
#: By name, those who left last; two of one name by their ids.
ORDER: tuple[Any, ...] = (IS_DISABLED, col(Member.name), col(Member.id))


@dataclass(frozen=True)
class MemberFilter(ListFilter[Member]):
    purpose = "members"
    endpoint, json_endpoint = "team.index", "team.index_json"
    table = Member
    nouns = ("member", "members")

    role: str = choice(
        "Role",
        {role.value: role.value.capitalize() for role in Role},
        lambda _, value: col(Member.role) == Role(value),
    )
    access: str = choice(
        "May sign in",
        {"yes": "May sign in", "no": "Disabled"},
        lambda _, value: IS_DISABLED if value == "no" else ~IS_DISABLED,
    )

    def after(self, place: UUID) -> Condition:
        last = select(*ORDER).where(Member.id == place)
        beyond: Condition = tuple_(*ORDER) > last.scalar_subquery()
        return beyond

    def newest(
        self, scope: Scope, conditions: Mapping[str, Condition], beyond: Iterable[Condition], limit: int
    ) -> SelectOfScalar[Member]:
        """By name, since people look for one of them."""
        return select(Member).where(*conditions.values(), *beyond).order_by(*ORDER).limit(limit)
