"""What the box answers, in groups, and which answer is exactly what was asked for."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for

from dashboard.jobs.models import JobState, Outcome
from dashboard.web.lists.fields import Scope
from dashboard.web.lists.filters import ListFilter

#: Shorter texts begin too many ids.
SHORTEST = 2


@dataclass(frozen=True)
class Answer:
    """One line with a link. `is_exact`: it has the whole id, number, address or code that was typed."""

    label: str
    endpoint: str
    values: Mapping[str, Any]  # of the address; nothing that was typed is in clear
    about: str = ""
    at: datetime | None = None
    verdict: tuple[JobState, Outcome | None] | None = None  # of a job
    is_exact: bool = False

    @property
    def address(self) -> str:
        return url_for(self.endpoint, **self.values)


@dataclass(frozen=True)
class Group:
    label: str
    answers: Sequence[Answer]
    note: str = ""


@dataclass(frozen=True)
class Look:
    """One search by one member. `may`: their permissions. `most`: how many answers a group has."""

    scope: Scope
    typed: str
    may: Callable[[str], bool]
    most: int


@dataclass(frozen=True)
class Answers:
    """All groups that have answers. `unknown`: the words that were not understood as a filter."""

    groups: Sequence[Group] = ()
    unknown: Sequence[str] = ()

    @property
    def count(self) -> int:
        return sum(len(group.answers) for group in self.groups)

    @property
    def exact(self) -> Answer | None:
        """The only answer that is exactly what was typed."""
        exact = [answer for group in self.groups for answer in group.answers if answer.is_exact]
        return exact[0] if len(exact) == 1 else None


def group_of(label: str, look: Look, answers: Sequence[Answer], rest: ListFilter[Any]) -> Iterator[Group]:
    """The answers as a group, if there are any; `rest` is the list that shows all, for more than fit."""
    if len(answers) > look.most:
        answers = [*answers[: look.most], answer_of(rest, f"All in the list of {rest.nouns[1]}")]
    if answers:
        yield Group(label, answers)


def answer_of(filters: ListFilter[Any], label: str, *, is_exact: bool = False) -> Answer:
    """An answer that leads to a list."""
    return Answer(label, filters.endpoint, filters.asked, is_exact=is_exact)
