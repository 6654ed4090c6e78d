"""One's own second factors: set up, shown once, removed; and that an owner does not go without."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, col, select

from dashboard.app import create_app
from dashboard.audit.models import AuditEntry
from dashboard.context import context_of
from dashboard.db import Database, utc_now
from dashboard.permissions import Role
from dashboard.team.factors.models import AuthenticatorApp, Passkey, RecoveryCode
from dashboard.team.factors.second_factors import members_with_second_factor, remove_second_factors
from dashboard.team.models import Member, SignIn
from tests.conftest import make_settings
from tests.factories.team import make_member
from tests.unit.team.signed_in import copy_of, is_signed_in, knock
from tests.unit.web.test_permissions import SOME_ID, permission_of, routes

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]
PAGE = "/account/second-factors"


def shown_secret(client: FlaskClient) -> str:
    client.post(f"{PAGE}/app/new")
    page = client.get(f"{PAGE}/app").text
    return page.partition('data-copy="')[2].partition('"')[0].replace(" ", "")


def set_up_app(client: FlaskClient) -> str:
    """The page with the recovery codes, to which it leads."""
    answer = client.post(f"{PAGE}/app", data={"code": pyotp.TOTP(shown_secret(client)).at(utc_now())})
    assert (answer.status_code, answer.location) == (303, f"{PAGE}/recovery-codes")
    return client.get(answer.location).text


def codes_on(page: str) -> list[str]:
    return [part.partition("<")[0] for part in page.split("<li><code>")[1:]]


@pytest.mark.parametrize("name", ["ada", "ben", "cleo"])
def test_everybody_may_have_a_second_factor(sign_in: SignInAs, name: str):
    client = sign_in(name)

    assert client.get(PAGE).status_code == 200
    assert client.get(f"{PAGE}.json").status_code == 200
    assert "Second factor and passkeys" in client.get("/account").text


def test_app_is_set_up_with_its_first_code_and_codes_are_shown_once(sign_in: SignInAs, session: Session):
    client = sign_in("ben")

    page = set_up_app(client)

    codes = codes_on(page)
    assert len(set(codes)) == 10
    assert unquote(page.partition("charset=utf-8,")[2].partition('"')[0]).split()[-10:] == codes
    assert client.get(f"{PAGE}/recovery-codes").location == PAGE
    assert codes[0] not in client.get(PAGE).text
    assert client.get(f"{PAGE}.json").get_json()["recovery_codes_left"] == 10
    assert {"second_factor.added", "recovery_codes.made"} <= set(
        session.exec(select(AuditEntry.action).order_by(AuditEntry.sequence)).all()
    )


def test_nothing_of_it_is_in_the_audit_trail_or_the_database(sign_in: SignInAs, session: Session):
    client = sign_in("ben")
    secret = shown_secret(client)
    codes = codes_on(set_up_app(client))

    rows = [
        *session.exec(select(AuditEntry).order_by(AuditEntry.sequence)).all(),
        *session.exec(select(RecoveryCode).order_by(RecoveryCode.id)).all(),
    ]

    kept = "".join(row.model_dump_json() for row in rows)
    assert not any(canary in kept for canary in (secret, *codes))
    assert secret.encode() not in session.exec(select(AuthenticatorApp.secret_sealed)).one()


def test_app_that_is_not_confirmed_is_asked_for_by_nobody(client: FlaskClient, sign_in: SignInAs):
    inside = sign_in("ben")
    shown_secret(inside)

    assert knock(client, "ben").location == "/"


@pytest.mark.parametrize("code", ["", "000000", "x" * 21])
def test_wrong_first_code_sets_nothing_up_and_keeps_the_secret(sign_in: SignInAs, session: Session, code: str):
    client = sign_in("ben")
    secret = shown_secret(client)

    answer = client.post(f"{PAGE}/app", data={"code": code})

    assert answer.status_code == 422
    assert 'id="code-error"' in answer.text
    assert secret in answer.text.replace(" ", "")
    assert session.exec(select(AuthenticatorApp.confirmed_at)).one() is None


def test_secret_is_not_shown_again_once_it_counts(sign_in: SignInAs):
    client = sign_in("ben")
    set_up_app(client)

    assert client.get(f"{PAGE}/app").location == PAGE
    assert "An app is set up already." in client.post(f"{PAGE}/app/new", follow_redirects=True).text


def test_new_factor_ends_every_other_sign_in(app: Flask, sign_in: SignInAs):
    client = sign_in("ben")
    other, thief = app.test_client(), copy_of(app, client)
    knock(other, "ben")

    set_up_app(client)

    assert is_signed_in(client)
    assert not is_signed_in(other)
    assert not is_signed_in(thief)


def test_removed_factor_ends_every_other_sign_in(app: Flask, sign_in: SignInAs):
    client = sign_in("ben")
    set_up_app(client)
    thief = copy_of(app, client)

    client.post(f"{PAGE}/app/removal")

    assert is_signed_in(client)
    assert not is_signed_in(thief)


def test_new_codes_make_the_old_ones_worthless(app: Flask, sign_in: SignInAs):
    client = sign_in("ben")
    old = codes_on(set_up_app(client))

    new = codes_on(client.get(client.post(f"{PAGE}/recovery-codes").location).text)

    browser = app.test_client()
    knock(browser, "ben")
    answers = [browser.post("/sign-in/code", data={"code": code}).status_code for code in (old[0], new[0])]
    assert answers == [422, 303]


def test_codes_without_a_factor_are_not_made(sign_in: SignInAs, session: Session):
    answer = sign_in("ben").post(f"{PAGE}/recovery-codes")

    assert answer.location == PAGE
    assert session.exec(select(RecoveryCode).order_by(RecoveryCode.id)).all() == []


def test_removing_the_app_takes_the_codes_along(sign_in: SignInAs, client: FlaskClient, session: Session):
    inside = sign_in("ben")
    set_up_app(inside)

    answer = inside.post(f"{PAGE}/app/removal")

    assert answer.location == PAGE
    assert session.exec(select(RecoveryCode).order_by(RecoveryCode.id)).all() == []
    assert knock(client, "ben").location == "/"
    assert "second_factor.removed" in session.exec(select(AuditEntry.action).order_by(AuditEntry.sequence)).all()


def test_passkey_of_somebody_else_is_not_found(sign_in: SignInAs, database: Database):
    ada = make_member(database, "ada")
    with database.transaction() as session:
        passkey = Passkey(
            member_id=ada.id, name="Phone", credential_id="x", public_key=b"x", sign_count=0, created_at=utc_now()
        )
        session.add(passkey)
    client = sign_in("ben")

    answers = [client.post(f"/account/passkeys/{row_id}/removal") for row_id in (passkey.id, SOME_ID)]

    assert [answer.status_code for answer in answers] == [404, 404]
    with database.reading() as session:
        assert session.get(Passkey, passkey.id)


def test_owner_without_a_second_factor_sees_nothing_else(app: Flask, client: FlaskClient, database: Database):
    make_member(database, "ada", has_app=False)

    assert knock(client, "ada").location == "/"

    seen = []
    for rule, address in routes(app):
        if permission_of(app, rule) in ("everybody", None):
            continue
        if rule.endpoint.startswith(("second_factors.", "passkeys.", "confirmation.", "team.sign_out")):
            continue
        if rule.endpoint in ("team.choose_theme", "team.answer_zone_offer"):  # stand on the page of the second factor
            continue
        for method in rule.methods & {"GET", "POST"}:
            answer = client.open(address, method=method)
            if not (answer.status_code == 403 or answer.headers.get("Location") == PAGE):
                seen.append((method, address, answer.status_code))
    print(f"routes that an owner without a second factor sees: {len(seen)}")
    assert seen == []


def test_owner_goes_on_once_it_is_set_up(client: FlaskClient, database: Database):
    make_member(database, "ada", has_app=False)
    knock(client, "ada")
    assert "Set one up to go on" in client.get(PAGE).text

    set_up_app(client)

    assert client.get("/team").status_code == 200


def test_owner_who_removes_the_last_one_begins_again(sign_in: SignInAs):
    client = sign_in("ada")

    client.post(f"{PAGE}/app/removal")

    assert client.get("/jobs").location == PAGE


def test_operator_who_becomes_owner_sets_one_up(sign_in: SignInAs, database: Database):
    client = sign_in("ben")
    with database.transaction() as session:
        session.exec(select(Member)).one().role = Role.OWNER

    assert client.get("/jobs").location == PAGE
    assert client.get("/jobs.json").status_code == 403


def test_owner_of_a_demo_may_go_without(tmp_path: Path, database_url: str):
    app = create_app(make_settings(tmp_path, database_url=database_url, is_demo=True))
    app.config["WTF_CSRF_ENABLED"] = False
    make_member(context_of(app).database, "ada", has_app=False)
    client = app.test_client()

    knock(client, "ada")

    assert client.get("/team").status_code == 200
    context_of(app).database.dispose()


@pytest.mark.parametrize(("wanted_of", "location"), [("owners", None), ("everybody", PAGE)])
def test_deployment_may_ask_everybody_for_one(tmp_path: Path, database_url: str, wanted_of: str, location: str | None):
    app = create_app(make_settings(tmp_path, database_url=database_url, second_factor_for=wanted_of))
    app.config["WTF_CSRF_ENABLED"] = False
    make_member(context_of(app).database, "cleo")
    client = app.test_client()

    knock(client, "cleo")

    assert client.get("/jobs").location == location
    context_of(app).database.dispose()


def test_list_of_members_knows_who_has_one(database: Database):
    ada, ben = make_member(database, "ada"), make_member(database, "ben")

    with database.reading() as session:
        assert members_with_second_factor(session, [ada.id, ben.id]) == {ada.id}


def test_way_back_in_removes_all_of_them(database: Database, session: Session):
    ada = make_member(database, "ada")

    with database.transaction() as writing:
        remove_second_factors(writing, ada)

    assert session.exec(select(AuthenticatorApp)).all() == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("get", path) for path in (PAGE, f"{PAGE}/app", f"{PAGE}/recovery-codes", "/account/passkeys/new")),
        *(("post", f"{PAGE}{path}") for path in ("/app", "/app/new", "/app/removal", "/recovery-codes")),
        *(("post", path) for path in ("/account/passkeys", f"/account/passkeys/{SOME_ID}/removal")),
    ],
)
def test_somebody_signed_out_is_sent_to_the_door(client: FlaskClient, method: str, path: str):
    assert getattr(client, method)(path).location.startswith("/sign-in")


def test_sign_ins_of_a_change_are_one_more_row(sign_in: SignInAs, session: Session):
    set_up_app(sign_in("ben"))

    ended = [row.ended_at is not None for row in session.exec(select(SignIn).order_by(col(SignIn.id))).all()]

    assert ended == [True, False]
