"""How many rows each choice of a filter would find, beside the other filters that are set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func
from sqlalchemy import select as select_columns

from dashboard.web.lists.counting import Question, question_of
from dashboard.web.lists.fields import Choices, Condition, FilterField, Scope
from dashboard.web.lists.filters import ListFilter

#: Where sums do not know. Each row is read from the table, which takes far longer than counting by an index.
MOST_LOOKED_AT = 1_000
#: Numbers of rows by their values of some columns.
Counts = Mapping[tuple[str, ...], int]


@dataclass(frozen=True)
class ChoiceCount:
    """`count` rows, or more of them if it is not exact."""

    count: int
    is_exact: bool


def choice_counts(
    scope: Scope, filters: ListFilter[Any], offered: Mapping[str, Choices]
) -> dict[str, dict[str, ChoiceCount]]:
    """Counts by field and choice, for the fields of a list whose rows are counted as they change.

    Where a filter is set that those sums do not know, at most MOST_LOOKED_AT rows are looked at.
    """
    declared = filters.declared()
    fields = {name: each for name, each in declared.items() if each.dimension and each.is_in_form and name in offered}
    if filters.counter is None or filters.is_unreadable:
        return {}
    found: dict[str, dict[str, ChoiceCount]] = {}
    if (question := question_of(scope, filters)) is not None:
        together = {name: each for name, each in fields.items() if not each.is_counted_alone}
        found |= _counted(scope, filters, question, together, offered)
        for name, each in fields.items():
            if each.is_counted_alone and question.wanted.keys() <= {each.dimension}:
                found |= _counted(scope, filters, question, {name: each}, offered)
    others = {name: each for name, each in fields.items() if name not in found}
    return found | _looked_at(scope, filters, others, offered)


def _counted(
    scope: Scope,
    filters: ListFilter[Any],
    question: Question,
    fields: Mapping[str, FilterField],
    offered: Mapping[str, Choices],
) -> dict[str, dict[str, ChoiceCount]]:
    """From the sums, by the dimensions of these fields and of what is set; empty if they do not know."""
    assert filters.counter
    columns = list(dict.fromkeys((*(field.dimension for field in fields.values()), *question.wanted)))
    sums = filters.counter.count_by(scope, replace(question, wanted={}), columns)
    if sums is None:
        return {}
    found = {}
    for name, field in fields.items():
        others = {columns.index(each): values for each, values in question.wanted.items() if each != field.dimension}
        matching = {
            values: count for values, count in sums.items() if all(values[place] in others[place] for place in others)
        }
        found[name] = _by_choice(matching, columns.index(field.dimension), field, offered[name], is_exact=True)
    return found


def _looked_at(
    scope: Scope, filters: ListFilter[Any], fields: Mapping[str, FilterField], offered: Mapping[str, Choices]
) -> dict[str, dict[str, ChoiceCount]]:
    """Fields that are not set have the same rows. Each one that is set is left out for its own choices."""
    assert filters.counter
    found, is_set = {}, filters.in_clear
    for names in ([name for name in fields if name not in is_set], *([name] for name in fields if name in is_set)):
        columns = [filters.counter.value(fields[name].dimension).label(name) for name in names]
        unset: dict[str, Any] = dict.fromkeys(names, "")
        others = replace(filters, **unset).conditions(scope)
        counts = _count_by(scope, columns, list(others.values())) if names else {}
        is_exact = sum(counts.values()) <= MOST_LOOKED_AT
        for place, name in enumerate(names):
            found[name] = _by_choice(counts, place, fields[name], offered[name], is_exact=is_exact)
    return found


def _count_by(scope: Scope, columns: Sequence[Any], conditions: Sequence[Condition]) -> Counts:
    few = select_columns(*columns).where(*conditions).limit(MOST_LOOKED_AT + 1).subquery()
    counted = select_columns(*few.c, func.count()).group_by(*few.c)
    rows = scope.session.connection().execute(counted).all()
    return {tuple(value or "" for value in values): count for *values, count in rows}


def _by_choice(
    counts: Counts, place: int, field: FilterField, choices: Choices, *, is_exact: bool
) -> dict[str, ChoiceCount]:
    by_value: dict[str, int] = {}
    for values, count in counts.items():
        by_value[values[place]] = by_value.get(values[place], 0) + count
    holds = field.holds
    if holds is not None:
        of_choice = {
            choice: sum(count for value, count in by_value.items() if holds(choice, value)) for choice in choices
        }
    else:
        of_choice = {
            choice: sum(by_value.get(value, 0) for value in field.counted_values(choice)) for choice in choices
        }
    return {choice: ChoiceCount(count, is_exact) for choice, count in of_choice.items()}
