"""The part of a report of times that says the exact ones. It has them counted, and waits for the answer."""

from typing import Any
from zlib import crc32

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from dashboard.context import transaction
from dashboard.db import utc_now
from dashboard.errors import Invalid
from dashboard.reports.exact_times import Extent, ask
from dashboard.reports.models import ExactTime
from dashboard.reports.reading import Report, is_being_counted, read_report
from dashboard.reports.wording import NOTHING, exact_duration
from dashboard.web.access import permission_required
from dashboard.web.list_views import scope_here
from dashboard.web.pages.answers import NOTHING_NEW, json_time, wants_partial
from dashboard.web.pages.locales import Formats
from dashboard.worker.queue import wake

NO_TIMES = "This report has no times that could be counted exactly."

blueprint = Blueprint("exact_times", __name__)


@blueprint.get("/reports/exact-times")
@permission_required("reports.read")
def show() -> ResponseReturnValue:
    """Nothing while they are being counted."""
    if wants_partial():
        return NOTHING_NEW if is_being_counted() else _part(read_report())
    return redirect(read_report().choices.address(), 303)


@blueprint.post("/reports/exact-times")
@permission_required("reports.read")
def create() -> ResponseReturnValue:
    """Has them counted. The page asks for it by itself; a browser without scripts has a button."""
    report = read_report()
    if exact_context(report) is None:
        raise _no_times()
    with transaction() as session:
        jobs = request.form.get("jobs", 0, type=int)
        asked = ask(session, scope_here(session).environment, Extent.of(report.choices), jobs, utc_now())
        row_id, is_due = asked.id, asked.due_at is not None
    if is_due:
        wake("reports.count_exactly", row_id)
    return _part(read_report()) if wants_partial() else redirect(report.choices.address(), 303)


def _part(report: Report) -> str:
    exact = exact_context(report)
    if exact is None:
        raise _no_times()
    return render_template("reports/_exact.html", choices=report.choices, exact=exact)


def _no_times() -> Invalid:
    error = Invalid({"report": NO_TIMES})
    error.message = NO_TIMES
    return error


def exact_context(report: Report) -> dict[str, Any] | None:
    """What the page says about exact times. It asks by itself where there is no answer, or one about other jobs."""
    if report.figures is None or not report.choices.kind.is_of_times:
        return None
    exact = report.exact
    _, jobs, half, nine_in_ten, *_ = report.figures.groups.rows[0].cells
    return {
        "answer": exact if exact and exact.counted_at else None,
        "times": [_in_words(each, report.formats) for each in _milliseconds(exact)],
        "estimated": [half.words, nine_in_ten.words],
        "jobs": jobs,
        "is_due": exact is not None and exact.due_at is not None,
        "asks_itself": not wants_partial() and (exact is None or exact.jobs != jobs.value),
        "key": crc32(Extent.of(report.choices).question.encode()),
    }


def exact_as_json(exact: ExactTime | None) -> dict[str, Any] | None:
    if exact is None or exact.counted_at is None:
        return None
    half, nine_in_ten = (None if each is None else each / 1000 for each in _milliseconds(exact))
    return {
        "counted_at": json_time(exact.counted_at),
        "jobs": exact.jobs,
        "half_took_seconds": half,
        "nine_in_ten_took_seconds": nine_in_ten,
    }


def _milliseconds(exact: ExactTime | None) -> list[int | None]:
    return [exact.half_ms, exact.nine_in_ten_ms] if exact else [None, None]


def _in_words(milliseconds: int | None, formats: Formats) -> str:
    return NOTHING if milliseconds is None else exact_duration(milliseconds, formats)
