"""Pausing, resuming, revoking, extending and sending again; each leaves its line in the audit trail."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from dashboard.audit.models import AuditEntry
from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.errors import Conflict, NotFound
from dashboard.links.managing import extend_link, pause_link, renew_code, resume_link, revoke_link
from dashboard.links.models import Link
from dashboard.links.queries import find_link, open_link_of
from tests.factories.links import make_link, make_start, reload_link

pytestmark = pytest.mark.both_engines

Verb = Callable[[Session, Link], object]
VERBS: dict[str, Verb] = {
    "link.paused": lambda session, link: pause_link(session, link, utc_now()),
    "link.resumed": lambda session, link: resume_link(session, link, utc_now()),
    "link.revoked": lambda session, link: revoke_link(session, link, utc_now()),
    "link.extended": lambda session, link: extend_link(session, link, 3, utc_now()),
    "link.code_renewed": lambda session, link: renew_code(session, link, utc_now()),
}


def change(database: Database, link: Link, *actions: str) -> Link:
    for action in actions:
        with database.transaction() as session:
            VERBS[action](session, find_link(session, link.environment, link.id, to_change=True))
    return reload_link(database, link)


def test_a_paused_link_is_closed_until_it_is_resumed(database: Database, settings: Settings):
    link, _ = make_link(database, settings)

    paused = change(database, link, "link.paused")
    resumed = change(database, link, "link.resumed")

    assert not paused.is_open(utc_now())
    assert resumed.is_open(utc_now())


def test_a_revoked_link_is_closed_for_good(database: Database, settings: Settings):
    link, _ = make_link(database, settings)

    revoked = change(database, link, "link.revoked")

    assert not revoked.is_open(utc_now())
    for action in VERBS:
        with pytest.raises(Conflict):
            change(database, link, action)


def test_extending_counts_from_the_end_or_from_now_if_that_is_over(database: Database, settings: Settings):
    lasting, _ = make_link(database, settings)
    over, _ = make_link(database, settings, row={"expires_at": utc_now() - timedelta(days=30)})

    longer, open_again = change(database, lasting, "link.extended"), change(database, over, "link.extended")

    assert longer.expires_at == lasting.expires_at + timedelta(days=3)
    assert timedelta(days=2) < open_again.expires_at - utc_now() <= timedelta(days=3)


def test_a_new_code_kills_the_old_one(database: Database, settings: Settings):
    link, old = make_link(database, settings)

    with database.transaction() as session:
        new = renew_code(session, find_link(session, link.environment, link.id), utc_now())

    with database.reading() as session:
        assert open_link_of(session, link.environment, new, utc_now()).id == link.id
        with pytest.raises(NotFound):
            open_link_of(session, link.environment, old, utc_now())


def test_a_link_that_is_sent_again_works_again(database: Database, settings: Settings):
    link, code = make_link(database, settings)
    make_start(database, settings, code)
    with database.transaction() as session:
        session.get_one(Link, link.id).expires_at = utc_now() - timedelta(days=1)

    renewed = change(database, link, "link.code_renewed")

    assert renewed.uses_left == 1
    assert renewed.is_open(utc_now())


@pytest.mark.parametrize(
    "actions", [("link.resumed",), ("link.paused", "link.paused"), ("link.paused", "link.code_renewed")]
)
def test_what_does_not_fit_is_refused_and_changes_nothing(
    database: Database, settings: Settings, actions: tuple[str, ...]
):
    link, _ = make_link(database, settings)
    before = change(database, link, *actions[:-1])

    with pytest.raises(Conflict):
        change(database, link, actions[-1])

    assert reload_link(database, link) == before


def test_every_change_is_seen_by_open_pages_and_by_the_audit_trail(database: Database, settings: Settings):
    link, _ = make_link(database, settings)

    changed = change(
        database, link, "link.extended", "link.paused", "link.resumed", "link.code_renewed", "link.revoked"
    )

    assert changed.version == link.version + 5
    with database.reading() as session:
        about = select(AuditEntry.action).where(AuditEntry.subject == f"link {link.id}")
        actions = session.exec(about.order_by(col(AuditEntry.sequence))).all()
    assert actions == [
        "link.created",
        "link.extended",
        "link.paused",
        "link.resumed",
        "link.code_renewed",
        "link.revoked",
    ]


def test_a_link_of_another_environment_is_not_found(database: Database, settings: Settings):
    link, _ = make_link(database, settings)

    with database.reading() as session, pytest.raises(NotFound):
        find_link(session, "production", link.id)
