"""Roles and permissions. Each slice registers its own permissions; nobody has one that is not registered."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    OWNER = "owner"
    OPERATOR = "operator"
    VIEWER = "viewer"


EVERY_ROLE = frozenset(Role)
WORKING = frozenset({Role.OWNER, Role.OPERATOR})
OWNERS = frozenset({Role.OWNER})
#: What each role is for, on the pages where roles are chosen or explained.
ROLES: Mapping[Role, str] = {
    Role.OWNER: "May do everything, and decides who else may.",
    Role.OPERATOR: "Does the daily work: jobs, links and callbacks, and may reveal personal data.",
    Role.VIEWER: "Looks only, with personal data masked.",
}


@dataclass(frozen=True)
class Permission:
    """What a role may do. `words` describe it on the page that shows who may do what."""

    name: str
    roles: frozenset[Role]
    words: str
