"""The one table of who may do what. A permission that is not in it is nobody's."""

from enum import StrEnum


class Role(StrEnum):
    OWNER = "owner"
    OPERATOR = "operator"
    VIEWER = "viewer"


EVERY_ROLE = frozenset(Role)
WORKING = frozenset({Role.OWNER, Role.OPERATOR})
OWNERS = frozenset({Role.OWNER})

PERMISSIONS: dict[str, frozenset[Role]] = {
    "jobs.read": EVERY_ROLE,
    "jobs.create": WORKING,
    "jobs.cancel": WORKING,
    "jobs.check": WORKING,
    "jobs.reveal": WORKING,
    "jobs.export": WORKING,
    "callbacks.read": EVERY_ROLE,
    "callbacks.replay": WORKING,
    "callbacks.download": OWNERS,
    "links.read": EVERY_ROLE,
    "links.create": WORKING,
    "links.change": WORKING,
    "tokens.create": WORKING,
    "review.decide": WORKING,
    "reports.read": EVERY_ROLE,
    "team.manage": OWNERS,
    "audit.read": OWNERS,
    "audit.export": OWNERS,
    "settings.manage": OWNERS,
    "privacy.manage": OWNERS,
}


def may(role: Role, permission: str) -> bool:
    return role in PERMISSIONS.get(permission, frozenset())
