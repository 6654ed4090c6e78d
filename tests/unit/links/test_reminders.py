"""Reminding a customer who stopped: the old address works until the new one is opened."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask.testing import FlaskClient
from sqlmodel import Session, select

from dashboard.audit.models import AuditEntry
from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.errors import Conflict, NotFound
from dashboard.jobs.models import JobState, Outcome
from dashboard.links.codes import EarlierCode
from dashboard.links.customer.starting import note_opened
from dashboard.links.managing import add_code, pause_link, renew_code, revoke_link
from dashboard.links.messages import last_reminder, send_link
from dashboard.links.models import Link
from dashboard.links.queries import find_link, open_link_of
from tests.factories.links import make_link, make_reminder, make_start, reload_link

pytestmark = pytest.mark.both_engines
Change = Callable[[Session, Link], object]


def opens(database: Database, link: Link, code: str) -> bool:
    with database.reading() as session:
        try:
            return open_link_of(session, link.environment, code, utc_now()).id == link.id
        except NotFound:
            return False


def show(database: Database, link: Link, code: str) -> None:
    """A browser shows the page of this code."""
    with database.transaction() as session:
        note_opened(session, link.environment, code, utc_now())


def remind(database: Database, settings: Settings, link: Link) -> str:
    with database.transaction() as session:
        found = find_link(session, link.environment, link.id, to_change=True)
        code = add_code(session, found, last_reminder(session, link.id), utc_now())
        send_link(session, found, code, "", "ben@example.com", True, settings, utc_now())
    return code


def change(database: Database, link: Link, verb: Change) -> None:
    with database.transaction() as session:
        verb(session, find_link(session, link.environment, link.id, to_change=True))


def test_every_old_code_works_until_the_newest_is_opened(database: Database, settings: Settings):
    link, first = make_link(database, settings)
    second, third = make_reminder(database, link), make_reminder(database, link)
    version = reload_link(database, link).version

    show(database, link, first)
    show(database, link, second)
    before = [opens(database, link, code) for code in (first, second, third)]
    show(database, link, third)
    after = [opens(database, link, code) for code in (first, second, third)]

    assert before == [True, True, True]
    assert after == [False, False, True]
    assert reload_link(database, link).version > version + 1  # so that an open page says so


def test_start_with_the_new_code_ends_the_old_one_and_start_with_the_old_one_ends_nothing(
    database: Database, settings: Settings
):
    links = [make_link(database, settings) for _ in range(2)]
    (one, _), (two, old_of_two) = links
    new_of_one, new_of_two = make_reminder(database, one), make_reminder(database, two)

    make_start(database, settings, new_of_one)
    make_start(database, settings, old_of_two)

    with database.reading() as session:
        ended = dict(session.exec(select(EarlierCode.link_id, EarlierCode.ended_at)).all())
    assert ended[one.id]
    assert ended[two.id] is None
    assert not opens(database, two, new_of_two)  # its one use is spent


def test_browser_that_started_with_the_old_code_still_sees_its_own_verification(
    phone: FlaskClient, database: Database, settings: Settings
):
    link, old = make_link(database, settings)
    phone.post(f"/v/{old}/start", data={"consent": "yes"})
    new = make_reminder(database, link)
    show(database, link, new)

    with_old, with_new = phone.get(f"/v/{old}"), phone.get(f"/v/{new}")
    sent = phone.post(f"/v/{old}/submission")

    assert "You have started already" in with_old.text
    assert "You have started already" in with_new.text
    assert sent.status_code == 303


def test_another_phone_gets_the_page_of_a_dead_code_once_the_new_one_was_opened(
    phone: FlaskClient, database: Database, settings: Settings
):
    link, old = make_link(database, settings)
    new = make_reminder(database, link)
    alive = phone.get(f"/v/{old}").status_code
    phone.get(f"/v/{new}/seen.gif")

    assert alive == 200
    assert phone.get(f"/v/{old}").status_code == 404
    assert phone.get(f"/v/{new}").status_code == 200


def test_reminder_lets_a_customer_start_once_more_where_the_use_or_the_time_is_over(
    database: Database, settings: Settings
):
    link, code = make_link(database, settings)
    make_start(database, settings, code)
    with database.transaction() as session:
        session.get_one(Link, link.id).expires_at = utc_now() - timedelta(days=1)

    new = make_reminder(database, link)

    assert opens(database, link, new)
    assert reload_link(database, link).uses_left == 1


@pytest.mark.parametrize(
    ("verb", "why"),
    [
        (lambda session, link: pause_link(session, link, utc_now()), "paused"),
        (lambda session, link: revoke_link(session, link, utc_now()), "revoked"),
        (lambda _, link: setattr(link, "erased_at", utc_now()), "erased"),
        (lambda _, link: setattr(link, "uses_allowed", 5), "Several customers"),
    ],
)
def test_what_nobody_can_be_reminded_of(database: Database, settings: Settings, verb: Change, why: str):
    link, _ = make_link(database, settings)
    change(database, link, verb)

    with pytest.raises(Conflict, match=why):
        remind(database, settings, link)

    assert reload_link(database, link).code_digest == link.code_digest


def test_customer_who_has_finished_is_not_reminded_and_the_link_not_paused(database: Database, settings: Settings):
    link, code = make_link(database, settings)
    done = {"state": JobState.DONE, "outcome": Outcome.APPROVED, "submitted_at": utc_now(), "settled_at": utc_now()}
    make_start(database, settings, code, **done)

    with pytest.raises(Conflict, match="has finished in the meantime"):
        remind(database, settings, link)
    with pytest.raises(Conflict, match="has finished in the meantime"):
        change(database, link, lambda session, found: pause_link(session, found, utc_now()))


def test_replaced_address_ends_those_of_reminders_too(database: Database, settings: Settings):
    link, first = make_link(database, settings)
    second = make_reminder(database, link)

    change(database, link, lambda session, found: renew_code(session, found, utc_now()))

    assert not opens(database, link, first)
    assert not opens(database, link, second)


def test_of_two_members_who_remind_at_once_one_does(database: Database, settings: Settings, session: Session):
    link, _ = make_link(database, settings)
    barrier = Barrier(2)

    def press(_: int) -> str:
        barrier.wait(10)
        try:
            remind(database, settings, link)
        except Conflict as late:
            return late.message
        return "done"

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(press, range(2)))

    assert sorted(told) == ["This customer was reminded a moment ago, so no second reminder was sent.", "done"]
    entries = session.exec(select(AuditEntry).where(AuditEntry.action == "link.reminded")).all()
    assert [(entry.subject, entry.details) for entry in entries] == [(f"link {link.id}", {"how": "by hand"})]


def test_old_and_new_opened_at_the_same_moment_leave_the_new_one(database: Database, settings: Settings):
    link, old = make_link(database, settings)
    new = make_reminder(database, link)
    barrier = Barrier(2)

    def open_it(code: str) -> None:
        barrier.wait(10)
        show(database, link, code)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(open_it, (old, new)))

    assert reload_link(database, link).opened_at
    assert (opens(database, link, old), opens(database, link, new)) == (False, True)
