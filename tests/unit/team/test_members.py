"""Members: added, renamed, disabled, each with a line in the trail."""

import pytest
from sqlmodel import Session, select

from dashboard.audit.models import AuditEntry
from dashboard.db import Database, utc_now
from dashboard.errors import Conflict, Invalid, NotFound
from dashboard.permissions import Role
from dashboard.team import queries
from dashboard.team.factors.passwords import verify_password
from dashboard.team.login.sign_ins import begin_sign_in
from dashboard.team.members import members
from dashboard.team.models import Member, SignIn
from tests.factories.team import PASSWORD, make_member

pytestmark = pytest.mark.both_engines


def add(database: Database, email: str = "Ada@Example.com ", name: str = "Ada", password: str = PASSWORD) -> Member:
    with database.transaction() as session:
        return members.add_member(session, email, name, Role.OWNER, password, utc_now())


def actions(session: Session) -> list[str]:
    return list(session.exec(select(AuditEntry.action).order_by(AuditEntry.sequence)).all())


def test_an_added_member_has_a_plain_address_and_a_hashed_password(database: Database, session: Session):
    add(database)

    member = queries.member_by_email(session, "ADA@example.com")

    assert (member.email, member.name, member.role) == ("ada@example.com", "Ada", Role.OWNER)
    assert verify_password(member.password_hash, PASSWORD)
    assert actions(session) == ["member.added"]


def test_a_second_member_of_the_same_address_is_a_conflict(database: Database, session: Session):
    add(database)

    with pytest.raises(Conflict):
        add(database, email="ada@EXAMPLE.com")

    assert len(session.exec(select(Member).order_by(Member.id)).all()) == 1


def test_everything_that_is_wrong_is_told_at_once(database: Database):
    with pytest.raises(Invalid) as refused:
        add(database, email="nobody", name=" ", password="short")

    assert sorted(refused.value.fields) == ["email", "name", "password"]


@pytest.mark.parametrize("email", ["ada", "a@", "@b", "a b@c", "a@b@c", "ada\0@example.com", "a" * 250 + "@b.de"])
def test_what_is_no_address_is_refused(database: Database, email: str):
    with pytest.raises(Invalid):
        add(database, email=email)


def test_an_unknown_address_is_not_found(session: Session):
    with pytest.raises(NotFound):
        queries.member_by_email(session, "nobody@example.com")


def test_the_last_owner_cannot_be_disabled(database: Database, session: Session):
    ada = make_member(database, "ada")
    make_member(database, "ben")

    with pytest.raises(Conflict), database.transaction() as writing:
        members.disable_member(writing, ada, utc_now())

    assert queries.member_by_email(session, ada.email).disabled_at is None


def test_one_of_two_owners_can_be_disabled_and_is_out_at_once(database: Database, session: Session):
    ada = make_member(database, "ada")
    other = add(database, email="owner@example.com")
    with database.transaction() as writing:
        begin_sign_in(writing, ada, utc_now(), "", "")

    with database.transaction() as writing:
        members.disable_member(writing, writing.get_one(Member, ada.id), utc_now())

    assert queries.member_by_email(session, ada.email).disabled_at is not None
    assert queries.member_by_email(session, other.email).disabled_at is None
    assert session.exec(select(SignIn)).one().ended_at is not None


def test_a_new_password_ends_every_sign_in(database: Database, session: Session):
    ben = make_member(database, "ben")
    with database.transaction() as writing:
        begin_sign_in(writing, ben, utc_now(), "", "")
        begin_sign_in(writing, ben, utc_now(), "", "")

    with database.transaction() as writing:
        members.set_password(writing, ben, "another fine long one", utc_now())

    assert all(row.ended_at for row in session.exec(select(SignIn).order_by(SignIn.id)).all())
    assert verify_password(queries.member_by_email(session, ben.email).password_hash, "another fine long one")
    assert actions(session) == ["member.password_set"]


def test_a_sign_in_that_a_password_change_overtook_is_refused(database: Database):
    ben = make_member(database, "ben")
    with database.transaction() as writing:
        members.set_password(writing, writing.get_one(Member, ben.id), "another fine long one", utc_now())

    with pytest.raises(Conflict), database.transaction() as writing:
        begin_sign_in(writing, ben, utc_now(), "", "")


def test_no_line_of_the_trail_holds_a_password_or_an_address(database: Database, session: Session):
    member = add(database)
    with database.transaction() as writing:
        members.set_password(writing, member, "another fine long one", utc_now())

    lines = " ".join(
        f"{entry.subject} {entry.details}"
        for entry in session.exec(select(AuditEntry).order_by(AuditEntry.sequence)).all()
    )

    assert "another" not in lines
    assert "example.com" not in lines


def test_name_and_formats_are_kept_and_noted(database: Database, session: Session):
    ada = add(database)

    with database.transaction() as writing:
        members.rename_member(writing, ada, " Ada L. ", utc_now())
        members.choose_formats(writing, ada, "fr", "Africa/Dakar", utc_now())

    changed = session.get_one(Member, ada.id)
    assert (changed.name, changed.language, changed.time_zone) == ("Ada L.", "fr", "Africa/Dakar")
    assert sorted(actions(session)) == ["member.added", "member.formats_chosen", "member.renamed"]


def test_disabled_member_can_be_enabled_again(database: Database, session: Session):
    ada, dan = add(database), make_member(database, "dan")

    with database.transaction() as writing:
        members.enable_member(writing, dan.id, utc_now(), by=ada.id)

    assert queries.find_member(session, dan.id).disabled_at is None
    assert actions(session) == ["member.added", "member.enabled"]
