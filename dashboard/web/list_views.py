"""Code that the views of all lists share: reading the address, the page's context, searches and JSON."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any, TypeVar
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlmodel import Session
from werkzeug.datastructures import MultiDict

from dashboard.context import current, reading
from dashboard.db import utc_now
from dashboard.web.access import permission_required
from dashboard.web.lists.choice_counts import choice_counts
from dashboard.web.lists.fields import Choices, FieldKind, Scope
from dashboard.web.lists.filters import MARK, ListFilter
from dashboard.web.lists.pagination import BACK, COUNT_CAP, Page, same_address
from dashboard.web.lists.reading import count_newer, newest_key, page_of, rows_of
from dashboard.web.live_parts import live_parts
from dashboard.web.pages.answers import json_list, see_other, seen_version, wants_partial
from dashboard.web.pages.locales import formats_here

Row = TypeVar("Row")


def scope_here(session: Session) -> Scope:
    return Scope(session, current().settings.environment, utc_now(), formats_here().zone)


def asked_id(name: str) -> UUID | None:
    """The id of a row in the address; None if it is missing or malformed."""
    return MultiDict(request.args).get(name, type=UUID)


def asked_place(filters: ListFilter[Any], name: str = "") -> Any:
    """The key after which the requested page begins; None, the top, if it is missing or malformed."""
    try:
        return filters.read_place(request.args.get(name or filters.place, ""))
    except ValueError:
        return None


def asked_page(scope: Scope, filters: ListFilter[Row]) -> Page[Row]:
    return page_of(scope, filters, asked_place(filters), back=asked_place(filters, BACK))


def list_context(scope: Scope, filters: ListFilter[Any]) -> dict[str, Any]:
    """The context of a list's templates."""
    page = asked_page(scope, filters)
    if not page.rows and page.count:  # The rows of that page are gone.
        page = page_of(scope, filters)
    return {"page": page, "filter": filters, "offered": _offered(scope, filters), "shows": filters.shown_columns()}


@dataclass(frozen=True)
class LiveList:
    """A list that refreshes itself, as far as it tells whether an open page is out of date: it costs far less to read.

    `page`: instead of rows it has their keys and marks. `top`: the newest row of when the list was opened, above which
    rows are only counted. `of_rows`: what else the page shows about its rows; `beside`: what it shows besides them.
    """

    scope: Scope
    filters: ListFilter[Any]
    page: Page[Any]
    newer: int
    top: Any
    of_rows: Any
    beside: tuple[Any, ...]

    @cached_property
    def version(self) -> int:
        """Differs whenever the page would look different, other than by time alone."""
        page = self.page
        shown = (
            [*map(tuple, page.rows)],
            page.next_after,
            page.count,
            page.ahead,
            self.newer,
            self.of_rows,
            self.beside,
        )
        return int.from_bytes(blake2b(repr(shown).encode(errors="backslashreplace"), digest_size=6).digest())

    @property
    def is_seen(self) -> bool:
        """Whether this request is a poll of a page that shows just this."""
        return wants_partial() and seen_version() == self.version

    @property
    def keys(self) -> list[Any]:
        return [row[0] for row in self.page.rows]

    def rows(self) -> list[Any]:
        found = rows_of(self.scope, self.filters, self.keys)
        return [found[key] for key in self.keys]

    def context(self) -> dict[str, Any]:
        """The context of the list's templates, except for the rows. The answer to a poll has no form."""
        return {
            "page": self.page,
            "filter": self.filters,
            "newer": self.newer,
            "version": self.version,
            "top": self.top or _top_of(self.scope, self.filters, self.page),
            "offered": {} if wants_partial() else _offered(self.scope, self.filters),
            "shows": self.filters.shown_columns(),
        }


def live_list(
    scope: Scope, filters: ListFilter[Any], *beside: Any, beside_rows: Callable[[Sequence[Any]], Any] | None = None
) -> LiveList:
    """The requested page. `beside_rows`: reads what else the page shows about its rows."""
    top, marks = asked_id("top"), filters.marks
    page = page_of(scope, filters, asked_place(filters), top, asked_place(filters, BACK), marks=marks)
    if not page.rows and page.count:  # The rows of that page are gone.
        page = page_of(scope, filters, top=top, marks=marks)
    newer = 0 if top is None else count_newer(scope, filters, top)
    of_rows = beside_rows(page.rows) if beside_rows else None
    return LiveList(scope, filters, page, newer, top, of_rows, (*beside, live_parts(scope)))


def _offered(scope: Scope, filters: ListFilter[Any]) -> dict[str, Choices]:
    """What the form offers, each choice with how many rows it would find, such as "Kenya (1,234)"."""
    offered, number = filters.offered(scope), formats_here().number
    counts = choice_counts(scope, filters, offered)
    return offered | {
        name: {
            value: f"{words} ({number(counts[name][value].count)}{'' if counts[name][value].is_exact else '+'})"
            for value, words in offered[name].items()
        }
        for name in counts
    }


def _top_of(scope: Scope, filters: ListFilter[Any], page: Page[Any]) -> Any:
    """The key of the newest row, which is the first one of the first page."""
    if page.rows and not page.ahead and not filters.is_oldest_first:
        return getattr(page.rows[0], filters.key)
    return newest_key(scope, filters)


def json_page(page: Page[Any], items: Sequence[dict[str, Any]]) -> Response:
    count = page.count if page.count_is_exact else COUNT_CAP
    return json_list(items, page.next_address, count, page.count_is_exact)


def add_search(blueprint: Blueprint, filters: type[ListFilter[Any]], permission: str, *pages: str) -> None:
    """Adds the views of a list's search box. `pages`: endpoints whose address a member may type a search into."""

    @blueprint.before_request
    def seal_search() -> ResponseReturnValue | None:
        """Redirects to the same address with typed text sealed, and a number replaced by its digest."""
        if request.endpoint not in pages or not _is_typed_by_member(filters, permission):
            return None
        found, message = _for_address(filters.from_args(request.args))
        if message:
            flash(message)
        return redirect(same_address(**found.asked_of_typed), 303)

    @blueprint.post(f"/{filters.purpose}/searches")
    @blueprint.post(f"/{filters.purpose}/searches.json", endpoint="search_json")
    @permission_required(permission)
    def search() -> ResponseReturnValue:
        """Leads from the box to the list. Its address holds the filters: typed text sealed, a number as its digest."""
        found, message = _for_address(filters.from_form(request.form))
        is_of_program = request.path.endswith(".json")
        return see_other(found.json_endpoint if is_of_program else found.endpoint, message, **found.asked)


def _for_address(typed: ListFilter[Any]) -> tuple[ListFilter[Any], str]:
    """The filter as it may stand in an address, and a message about it."""
    with reading() as session:
        found = typed.for_address(scope_here(session))
    return found, "" if found == typed else typed.refusal


def _is_typed_by_member(filters: type[ListFilter[Any]], permission: str) -> bool:
    """Whether a member typed a search into the address in clear.

    A program that asks for JSON may do that: it has no history, and is not redirected.
    """
    declared = filters.declared()
    in_clear = any(
        (value := request.args.get(name, "").strip())
        and not value.startswith(MARK)
        and not declared[name].stands_as_it_is(value)
        for name in filters.names(FieldKind.SEARCH)
    )
    return in_clear and current_user.is_authenticated and current_user.may(permission)
