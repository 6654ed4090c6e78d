"""A report as a saved view keeps it: a filter without a table of its own, with the list of the rows that it counts."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import false

from dashboard.jobs.filters import PRODUCT_NAMES
from dashboard.jobs.smile_api.catalogue import country_name
from dashboard.reports.choices import ReportChoices, zone_of
from dashboard.reports.kinds import KINDS
from dashboard.reports.periods import NAMES, Every
from dashboard.web.lists.fields import Scope, choice, day, text
from dashboard.web.lists.filters import ListFilter

GROUPINGS = {name: f"by {each.label.lower()}" for kind in KINDS.values() for name, each in kind.groupings.items()}


def _chosen(label: str, choices: dict[str, str]) -> Any:
    return choice(label, choices, lambda *_: false())


@dataclass(frozen=True)
class ReportFilter(ListFilter[Any]):
    """What the address of a report asks for. A named period, such as the last 30 days, goes with the time."""

    purpose = "reports"
    endpoint, json_endpoint = "reports.show", "reports.show_json"
    nouns = ("report", "reports")
    may_sort = False

    report: str = _chosen("Report", {name: kind.label for name, kind in KINDS.items()})
    by: str = _chosen("Grouped by", GROUPINGS)
    period: str = _chosen("Period", {name: label.lower() for name, label in NAMES.items()})
    since: str = day("From", lambda *_: false(), "from {}", is_edge=True)
    until: str = day("to", lambda *_: false(), "to {}", is_edge=True)
    every: str = _chosen("Steps", {each.value: f"by the {each}" for each in Every})
    product: str = text("Product", lambda *_: false(), lambda value: PRODUCT_NAMES.get(value, value))
    country: str = text("Country", lambda *_: false(), country_name)
    link: str = text("Link", lambda *_: false(), lambda _: "of one link")

    def rows(self, scope: Scope) -> ListFilter[Any]:
        choices = ReportChoices.from_args(self.in_clear, zone_of(scope.session, self.in_clear), scope.now)
        begin, end = choices.period.seconds
        asked: Any = {**choices.filters, "time": f"{begin}-{end}"}
        return choices.kind.filters(**asked)
