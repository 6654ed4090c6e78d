"""The filter of the list of members."""

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
from dashboard.web.lists.filters import Column, ListFilter

IS_DISABLED = col(Member.disabled_at).is_not(None)
#: By name, disabled members last; equal names by id.
ORDER: tuple[Any, ...] = (IS_DISABLED, col(Member.name), col(Member.id))


@dataclass(frozen=True)
class MemberFilter(ListFilter[Member]):
    purpose = "members"
    endpoint, json_endpoint = "team.index", "team.index_json"
    table = Member
    nouns = ("member", "members")
    may_sort = False
    columns = (
        Column("name", "Name", "m", is_fixed=True),
        Column("role", "Role", "s"),
        Column("email", "E-mail"),
        Column("second_factor", "Second factor", "s"),
        Column("last_seen", "Last seen", "s"),
        Column("access", "May sign in", "s"),
    )

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

    def after(self, place: UUID, *, is_backwards: bool = False) -> Condition:
        last, order = select(*ORDER).where(Member.id == place).scalar_subquery(), tuple_(*ORDER)
        beyond: Condition = order < last if is_backwards else order > last
        return beyond

    def in_order(
        self,
        scope: Scope,
        conditions: Mapping[str, Condition],
        beyond: Iterable[Condition],
        limit: int,
        *,
        is_backwards: bool = False,
    ) -> SelectOfScalar[Member]:
        """Orders by name, since people look for one member."""
        order = [each.desc() for each in ORDER] if is_backwards else ORDER
        return select(Member).where(*conditions.values(), *beyond).order_by(*order).limit(limit)
