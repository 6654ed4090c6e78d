"""The second step of a sign-in: what opens it, what a half sign-in is worth, and that each code counts once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, select

from dashboard.audit.models import AuditEntry
from dashboard.db import Database, utc_now
from dashboard.team.factors import recovery_codes, totp
from dashboard.team.factors.models import RecoveryCode
from dashboard.team.login.pending_sign_ins import LASTS
from dashboard.team.members import members
from dashboard.team.models import Member, SignIn
from tests.factories.team import PASSWORD, SECOND_STEP, app_code, make_member
from tests.unit.team.signed_in import copy_of, is_signed_in, knock, type_code

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]


def make_recovery_codes(database: Database, member: Member) -> list[str]:
    codes, rows = recovery_codes.make_codes(member.id)
    with database.transaction() as session:
        recovery_codes.replace_codes(session, member.id, rows)
    return codes


def test_password_alone_leads_to_the_second_step_and_no_further(client: FlaskClient, database: Database):
    make_member(database, "ada")

    answer = knock(client, "ada")

    assert (answer.status_code, answer.location) == (303, SECOND_STEP)
    assert not is_signed_in(client)
    assert client.get(SECOND_STEP).status_code == 200


def test_code_of_the_app_leads_to_where_one_was_going(client: FlaskClient, database: Database, session: Session):
    make_member(database, "ada")
    knock(client, "ada", next="/team")

    answer = type_code(client)

    assert (answer.status_code, answer.location) == (303, "/team")
    assert is_signed_in(client)
    line = session.exec(select(AuditEntry).where(AuditEntry.action == "member.signed_in")).one()
    assert line.details == {"by": "password and app code"}


@pytest.mark.parametrize("typed", ["", "000000", "12345", "not a code", "٠١٢٣٤٥", "9" * 61])
def test_wrong_code_is_told_beside_its_field(client: FlaskClient, database: Database, typed: str):
    make_member(database, "ada")
    knock(client, "ada")

    answer = type_code(client, typed)

    assert answer.status_code == 422
    assert 'id="code-error"' in answer.text
    assert "<title>Error: Second step" in answer.text
    assert not is_signed_in(client)


@pytest.mark.parametrize(("steps_off", "status"), [(-2, 422), (-1, 303), (0, 303), (1, 303), (2, 422)])
def test_clock_may_be_off_by_half_a_minute(client: FlaskClient, database: Database, steps_off: int, status: int):
    make_member(database, "ada")
    knock(client, "ada")

    with time_machine.travel(utc_now(), tick=False):
        assert type_code(client, app_code(steps_off)).status_code == status


def test_code_that_was_used_is_worth_nothing_nor_is_one_before_it(app: Flask, client: FlaskClient, database: Database):
    make_member(database, "ada")
    with time_machine.travel(utc_now(), tick=False):
        knock(client, "ada")
        assert type_code(client, app_code(0)).status_code == 303
        second = app.test_client()
        knock(second, "ada")

        answers = [type_code(second, app_code(steps_off)).status_code for steps_off in (0, -1, 1)]

    assert answers == [422, 422, 303]


def test_of_a_hundred_who_try_the_same_code_at_once_one_is_accepted(database: Database):
    ada = make_member(database, "ada")
    code, now = app_code(), utc_now()

    def claim(_: int) -> bool:
        with database.transaction() as session:
            return totp.claim_code(session, ada.id, code, now)

    with ThreadPoolExecutor(16) as pool:
        accepted = sum(pool.map(claim, range(100)))

    print(f"one code tried 100 times at once: accepted {accepted}")
    assert accepted == 1


def test_recovery_code_opens_once_however_it_is_written(client: FlaskClient, database: Database, session: Session):
    codes = make_recovery_codes(database, make_member(database, "ada"))
    knock(client, "ada")
    assert type_code(client, codes[3].lower().replace("-", " ")).status_code == 303
    client.post("/sign-out")
    knock(client, "ada")

    again, another = type_code(client, codes[3]), type_code(client, codes[4])

    assert (again.status_code, another.status_code) == (422, 303)
    used = session.exec(
        select(AuditEntry).where(AuditEntry.action == "recovery_code.used").order_by(AuditEntry.sequence)
    ).all()
    assert [line.details for line in used] == [{"left": "9"}, {"left": "8"}]


def test_recovery_code_is_spent_once_by_many_at_once(database: Database):
    ada = make_member(database, "ada")
    typed = make_recovery_codes(database, ada)[0]

    def spend(_: int) -> bool:
        with database.reading() as session:
            code = recovery_codes.matching_code(session, ada.id, typed)
        if code is None:
            return False
        with database.transaction() as session:
            return recovery_codes.spend_code(session, code, utc_now())

    with ThreadPoolExecutor(8) as pool:
        accepted = sum(pool.map(spend, range(40)))

    print(f"one recovery code tried 40 times at once: accepted {accepted}")
    assert accepted == 1


def test_recovery_code_of_somebody_else_is_worth_nothing(client: FlaskClient, database: Database):
    make_member(database, "ada")
    codes = make_recovery_codes(database, make_member(database, "ben", has_app=True))
    knock(client, "ada")

    assert type_code(client, codes[0]).status_code == 422


def test_recovery_codes_are_kept_as_slow_hashes_only(database: Database, session: Session):
    codes = make_recovery_codes(database, make_member(database, "ada"))

    rows = session.exec(select(RecoveryCode).order_by(RecoveryCode.id)).all()

    assert len(rows) == len(codes) == len(set(codes)) == 10
    assert all(row.code_hash.startswith("$argon2id$") for row in rows)
    kept = "".join(row.model_dump_json() for row in rows)
    assert not any(code in kept or code.partition("-")[2] in kept for code in codes)


def test_secret_of_the_app_is_sealed_and_opens_in_its_own_row_only(database: Database):
    ada, ben = make_member(database, "ada"), make_member(database, "ben", has_app=True)

    with database.transaction() as session:
        sealed = {name: session.get(totp.AuthenticatorApp, who.id) for name, who in (("ada", ada), ("ben", ben))}
        sealed["ben"].secret_sealed = sealed["ada"].secret_sealed

    with database.reading() as session:
        assert not totp.claim_code(session, ben.id, app_code(), utc_now())
        assert totp.is_unreadable(session, ben.id)
        assert not totp.is_unreadable(session, ada.id)


def test_fifth_wrong_code_is_the_last_that_is_looked_at(client: FlaskClient, database: Database):
    make_member(database, "ada")
    knock(client, "ada")
    wrong = [type_code(client, "000000").status_code for _ in range(5)]

    answer = type_code(client)

    assert wrong == [422] * 5
    assert answer.status_code == 429
    assert "Wait ten minutes" in answer.text
    assert not is_signed_in(client)


def test_wrong_codes_are_forgotten_after_ten_minutes(client: FlaskClient, database: Database):
    make_member(database, "ada")
    knock(client, "ada")
    for _ in range(6):
        type_code(client, "000000")

    with time_machine.travel(utc_now() + timedelta(minutes=10, seconds=1)):
        knock(client, "ada")

        assert type_code(client).status_code == 303


def test_half_sign_in_is_over_after_ten_minutes(client: FlaskClient, database: Database):
    make_member(database, "ada")
    knock(client, "ada")

    with time_machine.travel(utc_now() + LASTS + timedelta(seconds=2)):
        answer = type_code(client)

        assert (answer.status_code, answer.location) == (303, "/sign-in")
        assert "Begin again" in client.get("/sign-in").text
        assert not is_signed_in(client)


def test_half_sign_in_is_over_when_the_password_changes(client: FlaskClient, database: Database):
    ada = make_member(database, "ada")
    knock(client, "ada")

    with database.transaction() as session:
        members.set_password(session, session.get_one(Member, ada.id), "another fine long one", utc_now())

    assert type_code(client).location == "/sign-in"
    assert not is_signed_in(client)


def test_second_step_without_a_first_one_leads_back(client: FlaskClient):
    answers = [client.get(SECOND_STEP), type_code(client, "000000")]

    assert [(answer.status_code, answer.location) for answer in answers] == [(303, "/sign-in")] * 2


def test_session_is_a_new_one_at_each_step(app: Flask, client: FlaskClient, database: Database, session: Session):
    make_member(database, "ada")
    with client.session_transaction() as cookie:
        cookie["planted"] = "by somebody"
    seen = []

    for step in (lambda: knock(client, "ada"), lambda: type_code(client)):
        step()
        with client.session_transaction() as cookie:
            seen.append(dict(cookie))

    assert all("planted" not in cookie for cookie in seen)
    assert "_user_id" not in seen[0]
    assert set(seen[1]) == {"_user_id"}
    assert len(session.exec(select(SignIn).order_by(SignIn.id)).all()) == 1


def test_copied_half_sign_in_still_owes_its_second_factor(app: Flask, client: FlaskClient, database: Database):
    make_member(database, "ada")
    with time_machine.travel(utc_now(), tick=False):  # within one half minute, so that both type the same code
        knock(client, "ada")
        thief = copy_of(app, client)

        type_code(client)

        assert is_signed_in(client)
        assert not is_signed_in(thief)
        assert type_code(thief).status_code == 422


def test_password_right_with_second_factor_ends_the_sign_in_before(client: FlaskClient, app: Flask, sign_in: SignInAs):
    inside = sign_in("ada")
    thief = copy_of(app, inside)

    knock(inside, "ada", PASSWORD)

    assert not is_signed_in(thief)
