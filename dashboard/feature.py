"""What a slice brings to the product. Each has one FEATURE in its feature.py; features.py lists them all."""

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
    from dashboard.web.pages.locales import Formats
    from dashboard.worker.periodic import Periodic
    from dashboard.worker.queue import Task

T = TypeVar("T")

#: What the facts of an event say, for one reader.
EventWords: TypeAlias = "Callable[[Mapping[str, Any], Formats], str]"


class Bar(StrEnum):
    """The bar of the navigation that an entry stands in."""

    MAIN = "main"
    SETTINGS = "settings"


@dataclass(frozen=True)
class NavigationEntry:
    """A link for the members who have the permission.

    `is_on_phones`: it stands in the bar of a phone, not behind More. `rank`: entries with a higher one come last.
    """

    label: str
    endpoint: str
    permission: str
    bar: Bar = Bar.MAIN
    is_on_phones: bool = False
    rank: int = 0


@dataclass(frozen=True)
class Feature:
    """One slice. `name` is its package; `position` is its place in the navigation and in every list of features.

    `models` are modules with tables, `views` modules with a `blueprint`. `event_words`: by the kind of an event on a
    job's timeline.
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


class Features:
    """What all features of one app bring together, each kind in the order of their positions."""

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

    def may(self, role: Role, permission: str) -> bool:
        """A permission that no feature registered is nobody's."""
        known = self.permissions.get(permission)
        return known is not None and role in known.roles

    def navigation(self, bar: Bar, role: Role) -> list[NavigationEntry]:
        """The entries of one bar that this role may open."""
        return [entry for entry in self._navigation if entry.bar == bar and self.may(role, entry.permission)]

    def _all(self, part: Callable[[Feature], Sequence[T]]) -> Iterator[T]:
        for feature in self._features:
            yield from part(feature)
