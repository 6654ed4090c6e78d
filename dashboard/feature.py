"""What a slice registers. Each slice has one FEATURE in its feature.py; features.py lists them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from flask import Blueprint

from dashboard.health_checks import HealthCheck
from dashboard.permissions import Permission, Role
from dashboard.sealed import SealedColumn

if TYPE_CHECKING:
    from dashboard.audit.wording import AuditWords
    from dashboard.rollups.counted import CountedTable
    from dashboard.web.lists.fields import Scope
    from dashboard.web.lists.filters import ListFilter
    from dashboard.web.pages.locales import Formats
    from dashboard.worker.periodic import Periodic
    from dashboard.worker.queue import Task

T = TypeVar("T")

#: Puts the facts of an event into words for one reader.
EventWords: TypeAlias = "Callable[[Mapping[str, Any], Formats], str]"


class Bar(StrEnum):
    """The navigation bar that an entry belongs to."""

    MAIN = "main"
    SETTINGS = "settings"


@dataclass(frozen=True)
class NavigationEntry:
    """A navigation link for members with the permission.

    `is_on_phones`: shown in the bar on phones, not behind More. Entries with a higher `rank` come later.
    """

    label: str
    endpoint: str
    permission: str
    bar: Bar = Bar.MAIN
    is_on_phones: bool = False
    rank: int = 0


@dataclass(frozen=True)
class AttentionLine:
    """What needs somebody: the rows of a list that a filter finds. `words`: for one row, for several."""

    words: tuple[str, str]
    filters: "Callable[[Scope], ListFilter[Any]]"


@dataclass(frozen=True)
class LivePart:
    """A part of the header that changes with the data. Polls of lists refresh it too, so it needs no poll of its own.

    `read` gives what `template` shows as `part`; it looks different whenever the part does.
    """

    template: str
    read: "Callable[[Scope], Any]"


@dataclass(frozen=True)
class Feature:
    """One slice. `name` is its package; `position` is its place in the navigation and in every list of features.

    `models` are modules with tables, `views` are modules with a `blueprint`. `event_words` are keyed by the kind of an
    event on a job's timeline. The rows of `counted` tables are counted as they change.
    """

    name: str
    position: int
    models: tuple[ModuleType, ...] = ()
    sealed_columns: tuple[SealedColumn, ...] = ()
    views: tuple[ModuleType, ...] = ()
    navigation: tuple[NavigationEntry, ...] = ()
    permissions: tuple[Permission, ...] = ()
    audit_words: "tuple[AuditWords, ...]" = ()
    event_words: Mapping[str, EventWords] = field(default_factory=dict)
    tasks: "tuple[Task, ...]" = ()
    periodic: "tuple[Periodic, ...]" = ()
    health_checks: tuple[HealthCheck, ...] = ()
    counted: "tuple[CountedTable, ...]" = ()
    live_parts: tuple[LivePart, ...] = ()
    attention: tuple[AttentionLine, ...] = ()


class Features:
    """Everything that the features of one app register, in the order of their positions."""

    def __init__(self, features: Sequence[Feature]) -> None:
        self._features = sorted(features, key=lambda feature: feature.position)
        views = self._all(lambda feature: feature.views)
        self.blueprints: tuple[Blueprint, ...] = tuple(dict.fromkeys(module.blueprint for module in views))
        self.sealed_columns = tuple(self._all(lambda feature: feature.sealed_columns))
        self._navigation = sorted(self._all(lambda feature: feature.navigation), key=lambda entry: entry.rank)
        self.permissions = {each.name: each for each in self._all(lambda feature: feature.permissions)}
        self.audit_words = tuple(self._all(lambda feature: feature.audit_words))
        self.event_words = {kind: each for one in self._features for kind, each in one.event_words.items()}
        self.tasks = tuple(self._all(lambda feature: feature.tasks))
        self.periodic = tuple(self._all(lambda feature: feature.periodic))
        self.health_checks = tuple(self._all(lambda feature: feature.health_checks))
        self.counted = tuple(self._all(lambda feature: feature.counted))
        self.live_parts = tuple(self._all(lambda feature: feature.live_parts))
        self.attention = tuple(self._all(lambda feature: feature.attention))

    def may(self, role: Role, permission: str) -> bool:
        """Whether the role has the permission. Nobody has one that no feature registered."""
        known = self.permissions.get(permission)
        return known is not None and role in known.roles

    def navigation(self, bar: Bar, role: Role) -> list[NavigationEntry]:
        """The entries of one bar that the role may open."""
        return [entry for entry in self._navigation if entry.bar == bar and self.may(role, entry.permission)]

    def _all(self, part: Callable[[Feature], Sequence[T]]) -> Iterator[T]:
        for feature in self._features:
            yield from part(feature)
