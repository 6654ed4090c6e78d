"""The page of reports, and the same numbers as CSV and JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.context import current, reading
from dashboard.errors import Invalid, Unavailable
from dashboard.jobs.counted import COUNTER as JOB_COUNTER
from dashboard.jobs.filters import PRODUCT_NAMES
from dashboard.reports.choices import ReportChoices
from dashboard.reports.figures import CHANGE, MOST_GROUPS, Figures, Table, figures_of
from dashboard.reports.kinds import KINDS, authority_in_words
from dashboard.reports.periods import NAMES, Every
from dashboard.reports.slower import Slower, slower_now
from dashboard.reports.wording import period_in_words, short_duration
from dashboard.rollups.counting import complete_generation
from dashboard.stored_settings import company_time_zone
from dashboard.web.access import permission_required
from dashboard.web.list_views import scope_here
from dashboard.web.pages.answers import json_time
from dashboard.web.pages.locales import Formats, formats_here
from dashboard.web.pages.spreadsheets import csv_answer

blueprint = Blueprint("reports", __name__)
NOT_COUNTED = "The rows are being counted. Try again in a few minutes."


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


@blueprint.get("/reports")
@permission_required("reports.read")
def show() -> ResponseReturnValue:
    report = _report()
    choices, formats = report.choices, report.formats
    page = render_template(
        "reports/index.html",
        report=report,
        choices=choices,
        figures=report.figures,
        most=MOST_GROUPS,
        reports=[(kind, choices.address_of(kind)) for kind in KINDS.values()],
        periods=NAMES,
        groupings=choices.groupings,
        products=PRODUCT_NAMES,
        countries=current().catalogue.get().country_names,
        period=period_in_words(choices.period, formats),
        before=period_in_words(choices.period.before, formats),
        zone=formats.zone_in_words(),
        slower=[_in_words(each, formats) for each in report.slower],
    )
    return page, 422 if choices.errors else 200


@blueprint.get("/reports.json")
@permission_required("reports.read")
def show_json() -> ResponseReturnValue:
    choices, figures = _answered(_report())
    first, end = choices.period.seconds
    return jsonify(
        report=choices.kind.name,
        begins=json_time(datetime.fromtimestamp(first, UTC)),
        ends=json_time(datetime.fromtimestamp(end, UTC)),
        by=choices.by,
        every=figures.every,
        groups=_rows_as_json(figures.groups),
        steps=_rows_as_json(figures.steps),
    )


@blueprint.get("/reports.csv")
@permission_required("reports.read")
def show_csv() -> ResponseReturnValue:
    """The table with the groups, or with `table=steps` the one behind the chart."""
    choices, figures = _answered(_report())
    table = figures.steps if request.args.get("table") == "steps" else figures.groups
    is_of_steps = table is figures.steps
    # A spreadsheet would get a change that is negative as text, and can reckon it.
    places = [place for place, heading in enumerate(table.headings) if heading != CHANGE]
    header = [table.first_heading, *(["Begins"] if is_of_steps else []), *(table.headings[each] for each in places)]
    rows = (
        [row.label, *([_begin(row.begin)] if is_of_steps else []), *(row.cells[each].number for each in places)]
        for row in table.rows
    )
    return csv_answer(f"{choices.kind.name}.csv", header, rows)


def _report() -> Report:
    with reading(shares=True) as session:
        scope = scope_here(session)
        kind = KINDS.get(request.args.get("report", ""), next(iter(KINDS.values())))
        generation = complete_generation(session, kind.counted)
        formats = Formats(formats_here().language, generation.zone if generation else company_time_zone(session))
        choices = ReportChoices.from_args(request.args, formats.zone, scope.now)
        offered = choices.offered_steps(generation.quarters_from) if generation else []
        figures = None
        if generation and choices.is_answered and not choices.errors:
            figures = figures_of(scope, choices, choices.every(generation.quarters_from), formats)
        slower = slower_now(scope, JOB_COUNTER, formats.zone) if kind.name == "time" and figures else ()
        return Report(choices, offered, figures, generation is not None, slower, formats, scope.now)


def _answered(report: Report) -> tuple[ReportChoices, Figures]:
    """Raises Invalid or Unavailable where a program asks for what cannot be answered."""
    if report.choices.errors:
        raise _invalid(report.choices.errors)
    if not report.choices.is_known:
        raise _invalid({"by": report.choices.not_together})
    if report.is_counted and report.choices.is_by_month and not report.choices.is_answered:
        raise _invalid({"period": report.choices.only_by_month})
    if report.figures is None:
        raise Unavailable(NOT_COUNTED)
    return report.choices, report.figures


def _invalid(errors: Mapping[str, str]) -> Invalid:
    """An error that says it itself, since a program sees no field."""
    error = Invalid(dict(errors))
    error.message = " ".join(errors.values())
    return error


def _rows_as_json(table: Table) -> list[dict[str, Any]]:
    return [
        {
            "label": row.label,
            **({"begins": _begin(row.begin)} if row.begin is not None else {}),
            **{heading: cell.number for heading, cell in zip(table.headings, row.cells, strict=True)},
        }
        for row in table.rows
    ]


def _begin(second: int | None) -> str | None:
    return None if second is None else json_time(datetime.fromtimestamp(second, UTC))


def _in_words(each: Slower, formats: Formats) -> dict[str, Any]:
    return {
        "who": authority_in_words(each.country, each.id_type),
        "since": formats.written(datetime.fromtimestamp(each.since, UTC), "HH:mm"),
        "results": formats.number(each.results),
        "address": url_for("jobs.index", **each.finds),
        "now": short_duration(each.now, formats),
        "usual": short_duration(each.usual, formats),
    }
