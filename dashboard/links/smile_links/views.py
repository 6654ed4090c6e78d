"""The actions of Smile Links: making, disabling and counting them at Smile."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import structlog
from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from dashboard.config import Settings
from dashboard.context import current, reading, transaction
from dashboard.db import utc_now
from dashboard.errors import Conflict, NotFound
from dashboard.jobs.smile_api.api_choice import policy_address
from dashboard.jobs.smile_api.clients import SmileClients, smile_clients
from dashboard.links.models import Link, LinkKind
from dashboard.links.queries import find_link
from dashboard.links.smile_links.smile_links import (
    OUT_OF_REACH,
    CreatedSmileLink,
    SmileLinkFailed,
    begin_creation,
    details_for_smile,
    explain,
    make_or_find,
    note_counters,
    note_disabled,
    note_outcome,
    note_problem,
)
from dashboard.links.smile_links.v3_links import link_for_v3, make_v3_link
from dashboard.smile import SmileError
from dashboard.smile.constants import SmileApi
from dashboard.stored_settings import read_branding
from dashboard.web.access import permission_required
from dashboard.web.pages.answers import see_other, wants_partial
from dashboard.web.security.form_keys import form_transaction, return_on_conflict

NOT_SURE = "So the link may still work. Disable it again; that does no harm."

log = structlog.get_logger(__name__)
blueprint = Blueprint("smile_links", __name__)


@blueprint.post("/links/<uuid:link_id>/creation")
@permission_required("links.create")
def create(link_id: UUID) -> ResponseReturnValue:
    """Tries again, after an answer was lost or Smile refused."""
    return make_at_smile(link_id)


@blueprint.post("/links/<uuid:link_id>/disabling")
@permission_required("links.change")
def disable(link_id: UUID) -> ResponseReturnValue:
    link = _find(link_id)
    if link.is_out_of_reach:
        raise Conflict(OUT_OF_REACH, url_for("links.show", link_id=link_id))
    if link.smile_ref_id is not None:
        answer = _ask(link_id, lambda: smile_clients().smile_links.disable(str(link.smile_ref_id)), NOT_SURE)
        if answer is None:
            return see_other("links.show", link_id=link_id)
    with form_transaction(url_for("links.show", link_id=link_id)) as session:
        note_disabled(session, _locked(session, link_id), utc_now())
    message = "Disabled. Nobody can open it any more." if link.smile_ref_id else "Given up."
    return see_other("links.show", message, link_id=link_id)


@blueprint.post("/links/<uuid:link_id>/counters")
@permission_required("links.change")
def count(link_id: UUID) -> ResponseReturnValue:
    link = _find(link_id)
    if link.smile_ref_id is None:
        raise Conflict("Smile has not made this link yet.", url_for("links.show", link_id=link_id))
    if link.is_out_of_reach:
        raise Conflict(OUT_OF_REACH, url_for("links.show", link_id=link_id))
    answer = _ask(link_id, lambda: smile_clients().link_counters.get(str(link.smile_ref_id)))
    if answer is not None:
        with transaction() as session:
            note_counters(session, _locked(session, link_id), answer, utc_now())
    if wants_partial():
        return render_template("links/_counters.html", link=_find(link_id), is_fresh=True, moment_now=utc_now())
    return see_other("links.show", link_id=link_id)


def make_at_smile(link_id: UUID) -> ResponseReturnValue:
    """Asks Smile, after the row was committed, and leads to the link's page, which shows the result."""
    settings, now = current().settings, utc_now()
    with return_on_conflict(url_for("links.show", link_id=link_id)), transaction() as session:
        link = _locked(session, link_id)
        if link.smile_ref_id is not None or link.is_being_made(now):
            return see_other("links.show", link_id=link_id)  # as after a double click
        may_exist = begin_creation(session, link, now)
        make = _maker(session, link, settings, may_exist)
    outcome = make(smile_clients())
    if isinstance(outcome, SmileLinkFailed):
        log.warning("smile_link_not_made", link=str(link_id), may_exist=outcome.may_exist)
    with transaction() as session:
        note_outcome(session, _locked(session, link_id), outcome, utc_now())
    return see_other("links.show", link_id=link_id)


def _maker(
    session: Session, link: Link, settings: Settings, may_exist: bool
) -> Callable[[SmileClients], CreatedSmileLink | SmileLinkFailed]:
    """How the link is made at Smile. `may_exist`: an earlier call may have made it."""
    branding = read_branding(session, settings)
    if link.api == SmileApi.V3:
        wanted = link_for_v3(link, branding, policy_address(session, settings), settings)
        return lambda clients: make_v3_link(clients.v3, wanted)
    details = details_for_smile(link, branding, settings)
    return lambda clients: make_or_find(clients.smile_links, details, may_exist)


def _ask(link_id: UUID, question: Callable[[], dict[str, Any]], advice: str = "") -> dict[str, Any] | None:
    """Smile's answer; without one, the link's page shows the reason."""
    try:
        return question()
    except SmileError as error:
        log.warning("smile_link_not_answered", link=str(link_id), reason=type(error).__name__)
        with transaction() as session:
            note_problem(session, _locked(session, link_id), f"{explain(error)} {advice}".strip(), utc_now())
        return None


def _find(link_id: UUID) -> Link:
    with reading() as session:
        return _of_this_kind(find_link(session, current().settings.environment, link_id))


def _locked(session: Any, link_id: UUID) -> Link:
    return _of_this_kind(find_link(session, current().settings.environment, link_id, to_change=True))


def _of_this_kind(link: Link) -> Link:
    if link.kind != LinkKind.SMILE:
        raise NotFound
    return link
