"""The table of permissions in words, for the page that shows who may do what. The rules are permissions.py alone."""

from collections.abc import Mapping
from dataclasses import dataclass

from dashboard.team.permissions import PERMISSIONS, Role

WORDS: Mapping[str, str] = {
    "jobs.read": "See verification jobs and their results, with personal data masked",
    "jobs.create": "Start verification jobs, which may be charged",
    "jobs.cancel": "Cancel a job that was not sent yet",
    "jobs.check": "Have Smile asked about a job at once",
    "jobs.reveal": "Reveal personal data and see images",
    "jobs.export": "Take the list of jobs out as a file, without persons",
    "callbacks.read": "See the callbacks that came",
    "callbacks.replay": "Verify and process callbacks again",
    "callbacks.download": "Download a callback just as it came",
    "links.read": "See links for customers and how far each customer came",
    "links.create": "Make links for customers",
    "links.change": "Pause, extend, send again and revoke links",
    "tokens.create": "Issue web tokens by hand",
    "review.decide": "Decide what needs a person",
    "reports.read": "See reports",
    "team.manage": "Invite members, change their roles, disable them and reset their passwords",
    "audit.read": "Read the audit trail",
    "audit.export": "Take the audit trail out as a file",
    "settings.manage": "Change settings and API keys",
    "privacy.manage": "Find, hand out and erase everything about one person, and decide how long data is kept",
}
ROLES: Mapping[Role, str] = {
    Role.OWNER: "May do everything, and decides who else may.",
    Role.OPERATOR: "Does the daily work: jobs, links and callbacks, and may reveal personal data.",
    Role.VIEWER: "Looks only, with personal data masked.",
}


@dataclass(frozen=True)
class PermissionRow:
    permission: str
    words: str
    roles: frozenset[Role]


def permission_rows() -> list[PermissionRow]:
    """In the order of the one table, so that the page cannot say anything else than what is enforced."""
    return [PermissionRow(name, WORDS.get(name, name), roles) for name, roles in PERMISSIONS.items()]
