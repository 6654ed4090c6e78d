"""Roles, and what a permission is. Each slice registers its own permissions; one that nobody registered is nobody's."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    OWNER = "owner"
    OPERATOR = "operator"
    VIEWER = "viewer"


EVERY_ROLE = frozenset(Role)
WORKING = frozenset({Role.OWNER, Role.OPERATOR})
OWNERS = frozenset({Role.OWNER})


@dataclass(frozen=True)
class Permission:
    """`words` continue "may": they stand on the page that shows who may do what."""

    name: str
    roles: frozenset[Role]
    words: str
