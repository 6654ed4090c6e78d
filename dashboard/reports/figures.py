"""The numbers of one report, as two tables: by group, and step by step. Each number leads to just its rows."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

from flask import url_for

from dashboard.reports.choices import ReportChoices
from dashboard.reports.kinds import Counts, Grouping, Measure, Value
from dashboard.reports.one_link import JobsOfLink
from dashboard.reports.periods import Every
from dashboard.reports.wording import change_in_words, change_of, step_in_words, value_in_words
from dashboard.web.lists.counting import IdRange, RowCounter
from dashboard.web.lists.fields import Scope
from dashboard.web.pages.locales import Formats

#: Rows of a page; a file has all.
MOST_GROUPS = 100
#: Lines of a chart.
MOST_LINES = 6
CHANGE = "Change"  # the heading of the last column of groups

Values = tuple[str, ...]
#: By group, how many rows have each value of the dimension that the report is split by.
Groups = Mapping[Values, Counts]


@dataclass(frozen=True)
class Cell:
    value: Value
    words: str
    address: str = ""

    @property
    def number(self) -> int | float | None:
        """For charts, files and programs; durations are in seconds."""
        return self.value.total_seconds() if isinstance(self.value, timedelta) else self.value


@dataclass(frozen=True)
class Row:
    label: str
    cells: Sequence[Cell]
    begin: int | None = None  # of a step, in seconds since 1970


@dataclass(frozen=True)
class Table:
    label: str
    first_heading: str
    headings: Sequence[str]
    rows: Sequence[Row]
    colours: Sequence[str] = ()  # of the lines that the columns are in a chart


@dataclass(frozen=True)
class Figures:
    groups: Table
    steps: Table
    every: Every
    is_empty: bool


def figures_of(scope: Scope, choices: ReportChoices, every: Every, formats: Formats) -> Figures | None:
    """None if the sums do not know it at the moment. `formats` has the time zone that rows are counted in."""
    counter = choices.counter
    ask = partial(_count_by, scope, counter, choices)
    now, before = ask(choices.period.ids), ask(choices.period.before.ids)
    over_time = counter.count_over_time(
        scope, choices.question(choices.period.ids), choices.steps_by, _grains(choices, every)
    )
    if now is None or before is None or over_time is None:
        return None
    addresses = _Addresses(choices)
    groups = _group_table(choices, now, before, addresses, formats)
    charted = _charted(choices, now)
    steps = _step_table(scope, choices, every, over_time, charted, addresses, formats)
    return Figures(groups, steps, every, is_empty=not _in_parts(choices.grouping, now))


def _grains(choices: ReportChoices, every: Every) -> Sequence[Any]:
    return [grain for grain in every.grains if choices.has_sums(grain, choices.steps_by)]


def _count_by(scope: Scope, counter: JobsOfLink | RowCounter, choices: ReportChoices, ids: IdRange) -> Groups | None:
    sums = counter.count_by(scope, choices.question(ids), choices.groups_by, in_full=True)
    if sums is None:
        return None
    found: defaultdict[Values, Counter[str]] = defaultdict(Counter)
    size = len(choices.grouping.dimensions)
    for values, count in sums.items():
        if count:
            found[values[:size]][values[size] if choices.kind.split else ""] += count
    return found


def _in_parts(grouping: Grouping, groups: Groups) -> Groups:
    """The groups by each single value, where a row has several at once."""
    if grouping.parts is None:
        return groups
    found: defaultdict[Values, Counter[str]] = defaultdict(Counter)
    for (values,), counts in groups.items():
        for value in grouping.parts(values):
            found[(value,)].update(counts)
    return found


def _together(groups: Groups) -> Counter[str]:
    total = Counter[str]()
    for counts in groups.values():
        total.update(counts)
    return total


class _Addresses:
    """The address of the list with the rows of a cell; quicker than building each from its route."""

    def __init__(self, choices: ReportChoices) -> None:
        self._list = url_for(choices.kind.filters.endpoint)
        self._filters = dict(choices.filters)
        self._period = choices.period.seconds

    def of(self, *finds: Mapping[str, str], seconds: tuple[int, int] | None = None) -> str:
        begin, end = seconds or self._period
        query = dict(self._filters)
        for each in finds:
            query |= each
        return f"{self._list}?{urlencode(query | {'time': f'{begin}-{end}'})}"


def _group_table(choices: ReportChoices, now: Groups, before: Groups, addresses: _Addresses, formats: Formats) -> Table:
    kind, grouping = choices.kind, choices.grouping
    total, total_before = _together(now), _together(before)
    now, before = _in_parts(grouping, now), _in_parts(grouping, before)
    all_rows = sum(total.values())
    has_shares = not kind.split
    address_before = partial(addresses.of, seconds=choices.period.before.seconds)

    def row(label: str, counts: Counts, counts_before: Counts, finds: Mapping[str, str]) -> Row:
        cells = [_cell(measure, counts, addresses.of, finds, formats) for measure in kind.measures]
        if has_shares:
            share = sum(counts.values()) / all_rows if all_rows else None
            cells.append(Cell(share, value_in_words(share, formats)))
        cells.append(_cell(kind.compared, counts_before, address_before, finds, formats))
        change = change_of(kind.compared.of(counts), kind.compared.of(counts_before))
        cells.append(Cell(change, change_in_words(change, formats, is_of_shares=kind.compared.is_share)))
        return Row(label, cells)

    in_order = sorted(now, key=lambda each: (-sum(now[each].values()), each))
    rows = [
        row(grouping.in_words(*values), now[values], before.get(values, {}), grouping.finds(values))
        for values in in_order
    ]
    if kind.has_total:
        rows.insert(0, row("All", total, total_before, {}))
    headings = [
        *(measure.label for measure in kind.measures),
        *(["Share"] if has_shares else []),
        kind.compared.before,
        CHANGE,
    ]
    return Table(f"{kind.label} by {grouping.in_sentence}", grouping.label, headings, rows)


def _cell(measure: Measure, counts: Counts, address: Any, finds: Mapping[str, str], formats: Formats) -> Cell:
    value = measure.of(counts)
    leads_to_rows = measure.finds is not None and bool(value)
    return Cell(value, value_in_words(value, formats), address(finds, measure.finds or {}) if leads_to_rows else "")


@dataclass(frozen=True)
class _Line:
    """One line of the chart, which is a column of its table."""

    label: str
    measure: Measure
    group: Values | None  # None: of all rows
    finds: Mapping[str, str]


def _charted(choices: ReportChoices, now: Groups) -> list[_Line]:
    kind, grouping = choices.kind, choices.grouping
    if kind.charted:
        return [_Line(measure.label, measure, None, {}) for measure in kind.charted]
    groups = _in_parts(grouping, now)
    largest = sorted(groups, key=lambda values: (-sum(groups[values].values()), values))[:MOST_LINES]
    first = kind.measures[0]
    lines = [_Line(grouping.in_words(*values), first, values, grouping.finds(values)) for values in largest]
    return [_Line(f"All {first.label.lower()}", first, None, {}), *lines] if kind.has_total else lines


def _step_table(
    scope: Scope,
    choices: ReportChoices,
    every: Every,
    over_time: Mapping[tuple[int, Values], int],
    lines: Sequence[_Line],
    addresses: _Addresses,
    formats: Formats,
) -> Table:
    rows = []
    for seconds, groups in _by_step(choices, every, over_time, scope):
        whole, parts = _together(groups), _in_parts(choices.grouping, groups) if not choices.kind.charted else {}
        address = partial(addresses.of, seconds=seconds)
        cells = [
            _cell(
                line.measure, whole if line.group is None else parts.get(line.group, {}), address, line.finds, formats
            )
            for line in lines
        ]
        rows.append(Row(step_in_words(*seconds, every, formats), cells, seconds[0]))
    colours = [line.measure.colour for line in lines]
    label = f"{choices.kind.label} by {every}"
    return Table(label, every.capitalize(), [line.label for line in lines], rows, colours)


def _by_step(
    choices: ReportChoices, every: Every, over_time: Mapping[tuple[int, Values], int], scope: Scope
) -> Iterator[tuple[tuple[int, int], Groups]]:
    """Each step with its groups. The periods of the sums are shorter than a step, or as long."""
    steps = list(choices.period.steps(every, scope.now))
    found: list[defaultdict[Values, Counter[str]]] = [defaultdict(Counter) for _ in steps]
    place = 0
    for (begin, values), count in sorted(over_time.items()):
        while place < len(steps) and begin >= steps[place][1]:
            place += 1
        if place == len(steps):
            break
        is_split = bool(choices.kind.charted)
        found[place][() if is_split else values][values[0] if is_split else ""] += count
    return zip(steps, found, strict=True)
