"""What each role is for, in words, for the pages where roles are chosen."""

from collections.abc import Mapping

from dashboard.permissions import Role

ROLES: Mapping[Role, str] = {
    Role.OWNER: "May do everything, and decides who else may.",
    Role.OPERATOR: "Does the daily work: jobs, links and callbacks, and may reveal personal data.",
    Role.VIEWER: "Looks only, with personal data masked.",
}
