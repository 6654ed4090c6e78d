"""HTTP in, HTTP out for what only Smile Links have: made at Smile, disabled there, counted there."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import structlog
from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue

from dashboard.config import Settings
from dashboard.db import reading, transaction, utc_now
from dashboard.errors import Conflict, NotFound
from dashboard.jobs.clients import smile_clients
from dashboard.jobs.refusals import explain_refusal
from dashboard.links.models import Link, LinkKind
from dashboard.links.queries import find_link
from dashboard.links.smile_links import (
    LOST,
    details_for_smile,
    find_at_smile,
    note_counters,
    note_disabled,
    note_made,
    note_problem,
)
from dashboard.smile import Refused, SmileError
from dashboard.stored_settings import read_branding
from dashboard.web.access import permission_required
from dashboard.web.pages import see_other, wants_partial

log = structlog.get_logger(__name__)
blueprint = Blueprint("smile_links", __name__)


@blueprint.post("/links/<uuid:link_id>/creation")
@permission_required("links.create")
def create(link_id: UUID) -> ResponseReturnValue:
    """Another try, after one whose answer was lost or that Smile refused."""
    return make_at_smile(link_id, is_first_try=False)


@blueprint.post("/links/<uuid:link_id>/disabling")
@permission_required("links.change")
def disable(link_id: UUID) -> ResponseReturnValue:
    link = _find(link_id)
    if link.smile_ref_id is not None:
        is_told = _ask(link_id, lambda: smile_clients().smile_links.disable(str(link.smile_ref_id)))
        if is_told is None:
            return see_other("links.show", link_id=link_id)
    with transaction() as session:
        note_disabled(session, _locked(session, link_id), utc_now())
    return see_other("links.show", "Disabled. Nobody can open it any more.", link_id=link_id)


@blueprint.post("/links/<uuid:link_id>/counters")
@permission_required("links.change")
def count(link_id: UUID) -> ResponseReturnValue:
    link = _find(link_id)
    if link.smile_ref_id is None:
        raise Conflict("Smile has not made this link yet.")
    answer = _ask(link_id, lambda: smile_clients().smile_links.get(str(link.smile_ref_id)))
    if answer is not None:
        with transaction() as session:
            note_counters(session, _locked(session, link_id), answer, utc_now())
    if wants_partial():
        return render_template("links/_counters.html", link=_find(link_id), is_fresh=True)
    return see_other("links.show", link_id=link_id)


def make_at_smile(link_id: UUID, *, is_first_try: bool) -> ResponseReturnValue:
    """Asks Smile after the row was committed, and leads to the link's page, which tells what came of it."""
    settings = _settings()
    with reading() as session:
        details = details_for_smile(_find(link_id), read_branding(session, settings), settings)
    link = _find(link_id)
    if link.smile_ref_id is not None:
        return see_other("links.show", link_id=link_id)
    clients = smile_clients()

    def find_or_create() -> dict[str, Any]:
        known = None if is_first_try else find_at_smile(clients, link)
        return known or clients.smile_links.create(details)

    answer = _ask(link_id, find_or_create, LOST)
    if answer is not None:
        with transaction() as session:
            note_made(session, _locked(session, link_id), answer, utc_now())
    return see_other("links.show", link_id=link_id)


def _ask(link_id: UUID, question: Callable[[], dict[str, Any]], when_lost: str = "") -> dict[str, Any] | None:
    """Smile's answer; where there is none, the reason stands on the link's page instead."""
    try:
        return question()
    except SmileError as error:
        log.warning("smile_link_not_answered", link=str(link_id), reason=type(error).__name__)
        reason = explain_refusal(error) if isinstance(error, Refused) else when_lost or f"Smile did not answer: {error}"
        with transaction() as session:
            note_problem(session, _locked(session, link_id), reason, utc_now())
        return None


def _find(link_id: UUID) -> Link:
    with reading() as session:
        return _of_this_kind(find_link(session, _settings().environment, link_id))


def _locked(session: Any, link_id: UUID) -> Link:
    return _of_this_kind(find_link(session, _settings().environment, link_id, to_change=True))


def _of_this_kind(link: Link) -> Link:
    if link.kind != LinkKind.SMILE:
        raise NotFound
    return link


def _settings() -> Settings:
    settings = current_app.config["SETTINGS"]
    assert isinstance(settings, Settings)
    return settings
