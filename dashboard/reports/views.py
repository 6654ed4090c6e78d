"""The page of reports, and the same numbers as CSV and JSON."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.context import current
from dashboard.errors import Invalid, Unavailable
from dashboard.jobs.filters import PRODUCT_NAMES
from dashboard.reports.choices import ReportChoices
from dashboard.reports.exact_views import exact_as_json, exact_context
from dashboard.reports.figures import CHANGE, MOST_GROUPS, Figures, Table
from dashboard.reports.kinds import authority_in_words
from dashboard.reports.periods import NAMES
from dashboard.reports.reading import Report, read_report
from dashboard.reports.saved import ReportFilter
from dashboard.reports.slower import Slower
from dashboard.reports.wording import period_in_words, short_duration
from dashboard.web.access import permission_required
from dashboard.web.pages.answers import json_time
from dashboard.web.pages.locales import Formats
from dashboard.web.pages.spreadsheets import csv_answer

blueprint = Blueprint("reports", __name__)
NOT_COUNTED = "The rows are being counted. Try again in a few minutes."


@blueprint.get("/reports")
@permission_required("reports.read")
def show() -> ResponseReturnValue:
    report = read_report()
    choices, formats = report.choices, report.formats
    page = render_template(
        "reports/index.html",
        report=report,
        choices=choices,
        figures=report.figures,
        most=MOST_GROUPS,
        saved_as=ReportFilter.from_args(choices.asked).asked,
        reports=[(kind, choices.address_of(kind)) for kind in choices.kinds],
        periods=NAMES,
        groupings=choices.groupings,
        products=PRODUCT_NAMES,
        countries=current().catalogue.get().country_names,
        period=period_in_words(choices.period, formats),
        before=period_in_words(choices.period.before, formats),
        zone=formats.zone_in_words(),
        slower=[_in_words(each, formats) for each in report.slower],
        exact=exact_context(report),
    )
    return page, 422 if choices.errors else 200


@blueprint.get("/reports.json")
@permission_required("reports.read")
def show_json() -> ResponseReturnValue:
    report = read_report()
    choices, figures = _answered(report)
    first, end = choices.period.seconds
    of_times = {"exact": exact_as_json(report.exact)} if choices.kind.is_of_times else {}
    return jsonify(
        report=choices.kind.name,
        link_id=choices.link or None,
        begins=json_time(datetime.fromtimestamp(first, UTC)),
        ends=json_time(datetime.fromtimestamp(end, UTC)),
        by=choices.by,
        every=figures.every,
        groups=_rows_as_json(figures.groups),
        steps=_rows_as_json(figures.steps),
        **of_times,
    )


@blueprint.get("/reports.csv")
@permission_required("reports.read")
def show_csv() -> ResponseReturnValue:
    """The table with the groups, or with `table=steps` the one behind the chart."""
    choices, figures = _answered(read_report())
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
        "since": formats.written(each.began, "HH:mm"),
        "results": formats.number(each.results),
        "address": url_for("jobs.index", **each.finds),
        "now": short_duration(each.now, formats),
        "usual": short_duration(each.usual, formats),
    }
