"""The reports that there are: what each counts, what it measures, and what its rows can be grouped by."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from dashboard.audit.wording import who_in_words
from dashboard.jobs.counted import COUNTED as JOBS
from dashboard.jobs.filters import PRODUCT_NAMES, JobFilter
from dashboard.jobs.models import Outcome
from dashboard.jobs.smile_api.catalogue import country_name, id_type_words
from dashboard.jobs.warning_labels import LABELS
from dashboard.links.counted import COUNTED as LINKS
from dashboard.links.filters import STEPS, LinkFilter
from dashboard.links.models import LinkKind, Stage
from dashboard.reports.one_link import APPROVED, RESULT, STAGE, SUBMITTED
from dashboard.rollups.counted import CountedTable
from dashboard.rollups.durations import quantile
from dashboard.smile.constants import result_codes
from dashboard.smile.warnings import WarningKind
from dashboard.web.lists.fields import NONE
from dashboard.web.lists.filters import ListFilter
from dashboard.web.pages.filters import words

#: The name of the report of one link.
CONVERSION = "link"
#: Numbers of rows by their values of the dimension that a report is split by.
Counts = Mapping[str, int]
Value = int | float | timedelta | None


@dataclass(frozen=True)
class Measure:
    """One column of a report. A count has whole numbers, and `finds` are the filters of a list of just these rows."""

    label: str
    of: Callable[[Counts], Value]
    finds: Mapping[str, str] | None = None
    colour: str = ""  # of its line in the chart: the name of an outcome
    is_share: bool = False
    before: str = ""  # the heading of the same in the period before


@dataclass(frozen=True)
class Grouping:
    """What rows of a report can be grouped by. `fields` are the filters for its dimensions; empty values have none."""

    label: str
    dimensions: tuple[str, ...]
    fields: tuple[str, ...]
    in_words: Callable[..., str]
    parts: Callable[[str], Sequence[str]] | None = None  # of a value that holds several

    @property
    def in_sentence(self) -> str:
        """The label inside a sentence, where abbreviations stay as they are."""
        return self.label if self.label[:2].isupper() else self.label.lower()

    def finds(self, values: tuple[str, ...]) -> dict[str, str]:
        return {name: value or NONE for name, value in zip(self.fields, values, strict=True)}


@dataclass(frozen=True)
class Kind:
    """One report. Its first measure says how large a group is; `compared` is compared with the period before."""

    name: str
    label: str
    about: str
    counted: CountedTable
    filters: type[ListFilter[Any]]
    measures: Sequence[Measure]
    groupings: Mapping[str, Grouping]
    compared: Measure
    split: str = ""  # the dimension that the measures tell apart
    charted: Sequence[Measure] = ()  # Without them the chart shows the largest groups.
    has_total: bool = True  # whether all groups together make up all rows
    is_of_times: bool = False  # It measures how long jobs took.
    is_of_one_link: bool = False  # It has no sums, so it counts the few rows of one link.


def _total(counts: Counts) -> int:
    return sum(counts.values())


def _only(*values: str) -> Callable[[Counts], int]:
    return lambda counts: sum(counts.get(value, 0) for value in values)


def _approval_rate(counts: Counts) -> float | None:
    decided = counts.get(Outcome.APPROVED, 0) + counts.get(Outcome.REJECTED, 0)
    return counts.get(Outcome.APPROVED, 0) / decided if decided else None


def _completion_rate(counts: Counts) -> float | None:
    return counts.get(Stage.RESULT, 0) / _total(counts) if _total(counts) else None


def _result_rate(counts: Counts) -> float | None:
    total = _total(counts)
    return (counts.get(RESULT, 0) + counts.get(APPROVED, 0)) / total if total else None


def _timed(counts: Counts) -> int:
    return sum(count for took, count in counts.items() if took)


@cache
def _texts_of_codes() -> Mapping[str, str]:
    """What Smile writes with each code, the first of its texts."""
    return {row.code: row.text for row in reversed(result_codes())}


def _code_in_words(code: str) -> str:
    if not code:
        return "No result code"
    text = _texts_of_codes().get(code, "")
    return f"{code} {text}" if text else code


def _warning_in_words(kind: str) -> str:
    label = LABELS[WarningKind(kind)] if kind in set(WarningKind) else words(kind)
    return label[:1].upper() + label[1:]


def _or_none(in_words: Callable[[str], str], none: str) -> Callable[[str], str]:
    return lambda value: in_words(value) if value else none


def authority_in_words(country: str, id_type: str) -> str:
    if not id_type:
        return f"{country_name(country)}, no ID type" if country else "No ID type"
    return f"{id_type_words(id_type)}, {country_name(country)}" if country else id_type_words(id_type)


PRODUCT = Grouping(
    "Product", ("product",), ("product",), _or_none(lambda name: PRODUCT_NAMES[name], "Several products")
)
COUNTRY = Grouping("Country", ("country",), ("country",), _or_none(country_name, "No country"))
ID_TYPE = Grouping("ID type", ("id_type",), ("id_type",), _or_none(id_type_words, "No ID type"))
AUTHORITY = Grouping("Authority", ("country", "id_type"), ("country", "id_type"), authority_in_words)
MAKER = Grouping("Maker", ("maker",), ("maker",), who_in_words)
API = Grouping("API of Smile", ("api",), ("api",), str)
OF_JOBS = {
    "product": PRODUCT,
    "country": COUNTRY,
    "id_type": ID_TYPE,
    "authority": AUTHORITY,
    "maker": MAKER,
    "api": API,
}
OF_LINKS = {
    "product": PRODUCT,
    "kind": Grouping(
        "Kind", ("kind",), ("kind",), {LinkKind.HOSTED: "Hosted link", LinkKind.SMILE: "Smile Link"}.__getitem__
    ),
    "country": COUNTRY,
    "maker": MAKER,
}
CODE = Grouping("Result code", ("code",), ("code",), _code_in_words)
WARNING = Grouping("Kind", ("warnings",), ("warning",), _warning_in_words, str.split)

ALL_JOBS = Measure("Jobs", _total, {}, before="Jobs before")
OUTCOMES = [Measure(words(each).capitalize(), _only(each), {"outcome": each.value}, each.value) for each in Outcome]
UNDECIDED = Measure("No outcome yet", _only(""), {"result": "none"}, "waiting")
APPROVAL_RATE = Measure("Approval rate", _approval_rate, is_share=True, before="Rate before")
TIMED = Measure("With a result", _timed, {"result": "timed"})
HALF = Measure("Half took at most", lambda counts: quantile(counts, 0.5), colour="approved", before="Half took before")
NINE_IN_TEN = Measure("90 % took at most", lambda counts: quantile(counts, 0.9), colour="provisional")
STAGES = [
    Measure(
        words(stage).capitalize(),
        _only(*(each.value for each in STEPS[place:])),
        {"reached": stage.value} if place else {},
        colour,
    )
    for place, (stage, colour) in enumerate(
        zip(STEPS, ("plain", "waiting", "error", "provisional", "approved"), strict=True)
    )
]

COMPLETION_RATE = Measure("Completion rate", _completion_rate, is_share=True, before="Rate before")

OF_ONE_LINK = [
    Measure("Started", _total, {}, "waiting"),
    Measure("Submitted", _only(SUBMITTED, RESULT, APPROVED), {"result": "submitted"}, "error"),
    Measure("With an outcome", _only(RESULT, APPROVED), {"result": "known"}, "provisional"),
    Measure("Approved", _only(APPROVED), {"outcome": Outcome.APPROVED.value}, "approved"),
]
RESULT_RATE = Measure("Completion rate", _result_rate, is_share=True, before="Rate before")

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "volume",
            "Volume",
            "How many jobs were created in the period.",
            *(JOBS, JobFilter, [ALL_JOBS], OF_JOBS, ALL_JOBS),
        ),
        Kind(
            "outcomes",
            "Outcomes",
            "What became of the jobs. The approval rate is of those that were approved or rejected.",
            *(JOBS, JobFilter, [ALL_JOBS, *OUTCOMES, UNDECIDED, APPROVAL_RATE], OF_JOBS, APPROVAL_RATE),
            split="outcome",
            charted=[*OUTCOMES, UNDECIDED],
        ),
        Kind(
            "time",
            "Time to result",
            "How long jobs took from submission to their result. Times in the tables are estimated, within 5 %.",
            *(JOBS, JobFilter, [ALL_JOBS, TIMED, HALF, NINE_IN_TEN]),
            {name: each for name, each in OF_JOBS.items() if name not in ("maker", "api")},
            HALF,
            split="took",
            charted=[HALF, NINE_IN_TEN],
            is_of_times=True,
        ),
        Kind(
            "codes",
            "Result codes",
            "The codes that Smile answered with, and what it writes with them.",
            *(JOBS, JobFilter, [ALL_JOBS], {"code": CODE}, ALL_JOBS),
        ),
        Kind(
            "warnings",
            "Warnings",
            "Warnings in Smile's answers and in callbacks. A job may have several.",
            *(JOBS, JobFilter, [ALL_JOBS], {"warning": WARNING}, ALL_JOBS),
            has_total=False,
        ),
        Kind(
            "links",
            "Links",
            "How far customers got with their links. The completion rate is the share of links with a result.",
            *(LINKS, LinkFilter, [*STAGES, COMPLETION_RATE], OF_LINKS, COMPLETION_RATE),
            split="state",
            charted=STAGES,
        ),
        Kind(
            CONVERSION,
            "Conversion",
            "How far customers got who started from this link. The completion rate is the share with an outcome.",
            *(JOBS, JobFilter, [*OF_ONE_LINK, RESULT_RATE]),
            {name: each for name, each in OF_JOBS.items() if name != "maker"},
            RESULT_RATE,
            split=STAGE,
            charted=OF_ONE_LINK,
            is_of_one_link=True,
        ),
    )
}
