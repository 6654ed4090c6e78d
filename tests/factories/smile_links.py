"""Smile Links as staff make them, and a Smile that makes, lists, disables and counts them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from flask import Flask

from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.links.creation import LinkRequest
from dashboard.links.models import IdTypeChoice, Link
from dashboard.links.smile_links.smile_links import draft_smile_link
from tests.factories.clients import replace_clients

PASSPORT = IdTypeChoice("NG", "PASSPORT", "doc_verification")
MADE = {"smile_ref_id": "ref-1", "smile_address": "https://links.example/002/ref-1", "smile_asked_at": utc_now()}


def make_smile_link(database: Database, settings: Settings, /, *, row: Any = None, **wanted: Any) -> Link:
    """The row alone unless `row` says more, such as MADE."""
    wanted = {"choices": (PASSPORT,), "form_key": uuid4(), "expires_in_days": 90} | wanted
    with database.transaction() as session:
        link = draft_smile_link(session, LinkRequest(**wanted), settings, "ben@example.com", utc_now())
        for name, value in (row or {}).items():
            setattr(link, name, value)
        session.add(link)
        return link


@dataclass
class FakeSmileLinks:
    """Stands in for the client. `troubles` befall the next calls, whichever they are; None is none.

    A creation that is told `lost` makes the link all the same.
    """

    troubles: Sequence[Any] = ()
    links: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, Any]] = field(default_factory=list)
    lost: Exception | None = None
    counters: dict[str, Any] = field(default_factory=lambda: {"total_jobs": 0, "successful_jobs": 0, "failed_jobs": 0})

    def create(self, details: dict[str, Any]) -> dict[str, Any]:
        self._note("create", details)
        ref_id = f"ref-{len(self.links) + 1}"
        made = {"ref_id": ref_id, "link": f"https://links.example/002/{ref_id}"}
        self.links.append(details | made | {"disabled_at": None})
        if self.lost:
            raise self.lost
        return made

    def list(self) -> dict[str, Any]:
        self._note("list", None)
        return {"links": self.links}

    def disable(self, ref_id: str) -> dict[str, Any]:
        self._note("disable", ref_id)
        return {"ref_id": ref_id}

    def get(self, ref_id: str) -> dict[str, Any]:
        self._note("get", ref_id)
        return {"ref_id": ref_id, "disabled_at": None} | self.counters

    def calls(self, name: str) -> int:
        return [asked for asked, _ in self.asked].count(name)

    def _note(self, name: str, said: Any) -> None:
        self.asked.append((name, said))
        if len(self.asked) <= len(self.troubles) and self.troubles[len(self.asked) - 1]:
            raise self.troubles[len(self.asked) - 1]


def fake_smile(app: Flask, fake: FakeSmileLinks) -> FakeSmileLinks:
    replace_clients(app, smile_links=fake, link_counters=fake)
    return fake
