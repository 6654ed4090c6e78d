"""Reads the report that an address asks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import request
from sqlmodel import Session

from dashboard.context import reading
from dashboard.errors import NotFound
from dashboard.jobs.counted import COUNTER as JOB_COUNTER
from dashboard.links.models import Link
from dashboard.links.queries import find_link
from dashboard.reports.choices import LINK, ReportChoices, zone_of
from dashboard.reports.exact_times import Extent, find_exact
from dashboard.reports.figures import Figures, figures_of
from dashboard.reports.models import ExactTime
from dashboard.reports.periods import Every
from dashboard.reports.slower import Slower, slower_now
from dashboard.rollups.counting import complete_generation
from dashboard.web.list_views import scope_here
from dashboard.web.lists.fields import Scope
from dashboard.web.pages.locales import Formats, formats_here


@dataclass(frozen=True)
class Report:
    """A report as its address asks for it. `figures` is None where it asks for what no sum knows."""

    choices: ReportChoices
    offered: Sequence[Every]
    figures: Figures | None
    is_counted: bool
    slower: Sequence[Slower]
    formats: Formats  # in the time zone that rows are counted in
    now: datetime
    link: Link | None  # that it is about
    exact: ExactTime | None  # what was asked to be counted exactly


def read_report() -> Report:
    """The report that this request's address asks for. Raises NotFound for a link that there is not."""
    with reading(shares=True) as session:
        scope = scope_here(session)
        choices, link, formats = _asked(session, scope)
        generation = complete_generation(session, choices.kind.counted)
        offered = choices.offered_steps(generation.quarters_from) if generation else []
        figures = None
        if generation and choices.is_answered and not choices.errors:
            figures = figures_of(scope, choices, choices.every(generation.quarters_from), formats)
        is_of_times = choices.kind.is_of_times and figures is not None
        slower = slower_now(scope, JOB_COUNTER, formats.zone) if is_of_times and not link else ()
        exact = find_exact(session, scope.environment, Extent.of(choices)) if is_of_times else None
        return Report(choices, offered, figures, generation is not None, slower, formats, scope.now, link, exact)


def is_being_counted() -> bool:
    """Whether somebody asked for the exact times of this request's report, and there is no answer yet."""
    with reading(shares=True) as session:
        scope = scope_here(session)
        choices, _, _ = _asked(session, scope)
        exact = find_exact(session, scope.environment, Extent.of(choices))
    return exact is not None and exact.due_at is not None


def _asked(session: Session, scope: Scope) -> tuple[ReportChoices, Link | None, Formats]:
    """What the address asks for, the link that it is about, and formats with the time zone that rows are counted in."""
    link = _asked_link(session, scope)
    formats = Formats(formats_here().language, zone_of(session, request.args).key)
    return ReportChoices.from_args(request.args, formats.zone, scope.now), link, formats


def _asked_link(session: Session, scope: Scope) -> Link | None:
    """The link that the address names. Raises NotFound where there is none of that id, so that it never shows all."""
    asked = request.args.get(LINK, "").strip()
    if not asked:
        return None
    try:
        return find_link(session, scope.environment, UUID(asked))
    except ValueError:
        raise NotFound("There is no such link.") from None
