"""Runs all health checks, for the health page and for `dashboard doctor`."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from flask import current_app
from sqlalchemy.exc import SQLAlchemyError, UnboundExecutionError
from sqlmodel import Session

from dashboard.context import current
from dashboard.crypto import UnreadableValue
from dashboard.db import utc_now
from dashboard.health.handshakes import TlsState
from dashboard.health_checks import CheckContext, Finding, Group, HealthCheck, State, bad
from dashboard.jobs.following.smile_answers import SmileContact, read_last_contact
from dashboard.outages import DATABASE_BUSY, DATABASE_FULL, DATABASE_READ_ONLY
from dashboard.web.serving.readiness import problem_of_database

#: Problems with which nothing can be changed, but everything can be read.
STILL_READ = frozenset({DATABASE_BUSY.sentence, DATABASE_FULL.sentence, DATABASE_READ_ONLY.sentence})


@dataclass(frozen=True)
class CheckResult:
    group: Group
    name: str
    finding: Finding


def check_health(
    session: Session,
    *,
    smile: SmileContact | None = None,
    proxies_seen: int | None = None,
    encryption: TlsState | None = None,
) -> list[CheckResult]:
    """Checks the running app. `smile`: its answer just now; without it, its last answer to the worker."""
    if smile is None:
        with suppress(SQLAlchemyError):
            smile = read_last_contact(session)
    session.rollback()
    parts, is_debugging = current(), current_app.debug
    context = CheckContext(
        parts.settings, parts.database, session, utc_now(), smile, is_debugging, proxies_seen, encryption, parts.queue
    )
    return run_checks(parts.features.health_checks, context)


def check_for_overview(session: Session) -> list[CheckResult]:
    """The checks that every member sees. They ask nobody: of Smile they know its last answer to the worker."""
    parts = current()
    context = CheckContext(parts.settings, parts.database, session, utc_now(), read_last_contact(session))
    marked = [check for check in parts.features.health_checks if check.is_on_overview]
    return [CheckResult(each.group, each.name, found) for each in marked if (found := _find(each, context))]


def run_checks(checks: Sequence[HealthCheck], context: CheckContext) -> list[CheckResult]:
    """Runs the checks, grouped under their headings.

    If the database cannot be read, one check says so, and those that depend on it are left out.
    """
    context = replace(context, database_problem=problem_of_database(context.database))
    if context.database_problem and context.database_problem not in STILL_READ:
        context = replace(context, session=Session())  # bound to nothing, so that every read fails at once
    order = list(Group)
    grouped = sorted(checks, key=lambda check: order.index(check.group))
    found = ((check, _find(check, context)) for check in grouped)
    return [CheckResult(check.group, check.name, finding) for check, finding in found if finding]


def worst_of(results: Sequence[CheckResult]) -> State:
    severity = list(State)
    return max((result.finding.state for result in results), key=severity.index, default=State.OK)


def report_to_json(results: Sequence[CheckResult]) -> dict[str, object]:
    """The results as JSON, for the page and for `dashboard doctor --json`."""
    return {
        "state": worst_of(results),
        "duties": [
            {
                "group": result.group,
                "name": result.name,
                "state": result.finding.state,
                "sentence": result.finding.sentence,
                "advice": result.finding.advice,
            }
            for result in results
        ],
    }


def _find(check: HealthCheck, context: CheckContext) -> Finding | None:
    """Runs one check. One that fails does not hide the others; the database's own problem is not repeated."""
    try:
        return check.check(context)
    except UnboundExecutionError:
        return None  # It needs the database, whose problem another check reports.
    except (SQLAlchemyError, OSError, UnreadableValue) as error:
        context.session.rollback()  # PostgreSQL accepts no more statements in a failed transaction
        advice = "See the lines about the database and the keys first."
        return bad(f"This could not be checked ({type(error).__name__}).", advice)
