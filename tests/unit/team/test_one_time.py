"""Codes of one-time links: spent once by however many press at once, forgotten when they are old."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask
from sqlmodel import Session, select

from dashboard.db import Database, utc_now
from dashboard.errors import NotFound
from dashboard.permissions import Role
from dashboard.team.members.invitations import accept_invitation, invite, withdraw_invitation
from dashboard.team.members.resets import make_reset
from dashboard.team.models import Member
from dashboard.team.one_time import KEPT_FOR, Invitation, PasswordReset, find_open, forget_old_links, new_code
from tests.factories.team import PASSWORD, make_member

pytestmark = pytest.mark.both_engines

AT_ONCE, ROUNDS = 20, 5


def test_of_many_who_accept_at_once_one_becomes_the_member(in_app: Flask, database: Database, session: Session):
    ada = make_member(database, "ada")
    barrier = Barrier(AT_ONCE)

    def accept(code: str) -> bool:
        barrier.wait()
        try:
            with database.transaction() as writing:
                accept_invitation(writing, code, "Eve", PASSWORD, utc_now())
        except NotFound:
            return False
        return True

    won = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for number in range(ROUNDS):
            with database.transaction() as writing:
                _, code = invite(writing, f"eve{number}@example.com", Role.VIEWER, ada.id, utc_now())
            won.append(sum(pool.map(accept, [code] * AT_ONCE)))

    print(f"{ROUNDS} invitations, each accepted by {AT_ONCE} at once: members made {won}")
    assert won == [1] * ROUNDS
    assert len(session.exec(select(Member).order_by(Member.id)).all()) == 1 + ROUNDS


def test_codes_differ_and_have_no_less_than_128_bits():
    codes = {new_code() for _ in range(1000)}

    assert len(codes) == 1000
    assert {len(code) for code in codes} == {32}  # 6 bits each


def test_a_code_of_one_kind_opens_nothing_of_the_other(in_app: Flask, database: Database, session: Session):
    ada = make_member(database, "ada")
    with database.transaction() as writing:
        _, code = make_reset(writing, ada, utc_now())

    assert find_open(session, Invitation, code, utc_now()) is None
    assert find_open(session, PasswordReset, code, utc_now()) is not None


def test_what_is_over_is_forgotten_after_a_month_and_what_is_open_stays(
    in_app: Flask, database: Database, session: Session
):
    ada, now = make_member(database, "ada"), utc_now()
    long_ago = now - KEPT_FOR - timedelta(days=4)
    with database.transaction() as writing:
        invite(writing, "expired@example.com", Role.VIEWER, ada.id, long_ago)
        withdrawn, _ = invite(writing, "withdrawn@example.com", Role.VIEWER, ada.id, long_ago)
        withdraw_invitation(writing, withdrawn, long_ago)
        invite(writing, "open@example.com", Role.VIEWER, ada.id, now)
        make_reset(writing, ada, long_ago)

    with database.transaction() as writing:
        forget_old_links(writing, now)

    assert session.exec(select(Invitation.email).order_by(Invitation.id)).all() == ["open@example.com"]
    assert session.exec(select(PasswordReset)).all() == []
