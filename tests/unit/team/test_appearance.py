"""How pages look to a member: the theme that they chose, and the time zone that their browser is offered for."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlmodel import Session, select

from dashboard.audit.models import AuditEntry
from dashboard.team.models import Member

SignInAs = Callable[[str], FlaskClient]
OFFER = 'id="zone-offer"'


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_chosen_theme_is_named_on_every_page_of_the_member(sign_in: SignInAs, theme: str):
    ben, named = sign_in("ben"), f'<html lang="en" data-theme="{theme}">'

    answer = ben.post("/account/theme", data={"theme": theme, "next": "/links?language=fr"})

    assert (answer.status_code, answer.location) == (303, "/links?language=fr")
    assert all(named in ben.get(page).text for page in ("/jobs", "/account", "/nothing"))
    assert f'<meta name="color-scheme" content="{theme}">' in ben.get("/jobs").text
    assert f'value="{theme}" aria-pressed="true"' in ben.get("/account").text
    assert named not in sign_in("cleo").get("/jobs").text


def test_auto_forgets_the_choice(sign_in: SignInAs, session: Session):
    ben = sign_in("ben")
    ben.post("/account/theme", data={"theme": "dark"})

    ben.post("/account/theme", data={"theme": ""})

    assert '<html lang="en">' in ben.get("/jobs").text
    assert session.exec(select(Member.preferences)).one() is None


@pytest.mark.parametrize("theme", ["sepia", 'dark" onload="', "auto"])
def test_theme_that_there_is_not_is_refused(sign_in: SignInAs, theme: str):
    ben = sign_in("ben")

    assert ben.post("/account/theme", data={"theme": theme}).status_code == 422
    assert '<html lang="en">' in ben.get("/jobs").text


@pytest.mark.parametrize("elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_theme_leads_nowhere_else(sign_in: SignInAs, elsewhere: str):
    assert sign_in("ben").post("/account/theme", data={"theme": "dark", "next": elsewhere}).location == "/"


def test_signed_out_pages_follow_the_system(client: FlaskClient):
    assert '<meta name="color-scheme" content="light dark">' in client.get("/sign-in").text


def test_zone_of_the_browser_is_taken_with_one_press(sign_in: SignInAs, session: Session):
    ben = sign_in("ben")
    assert OFFER in ben.get("/jobs").text

    answer = ben.post("/account/time-zone", data={"time_zone": "Africa/Lagos", "use": "yes", "next": "/jobs"})

    page = ben.get("/jobs").text
    assert (answer.status_code, answer.location) == (303, "/jobs")
    assert "Times are in Africa/Lagos from now on." in page
    assert "Times are in Africa/Lagos (UTC+01:00)." in page
    assert OFFER not in page
    line = session.exec(select(AuditEntry).where(AuditEntry.action == "member.formats_chosen")).one()
    assert line.details == {"language": "en", "zone": "Africa/Lagos"}


def test_who_keeps_their_zone_is_not_asked_again(sign_in: SignInAs, session: Session):
    ben = sign_in("ben")

    ben.post("/account/time-zone", data={"time_zone": "Africa/Lagos", "use": "no"})

    assert OFFER not in ben.get("/jobs").text
    assert session.exec(select(Member.time_zone)).one() == "UTC"


def test_who_has_chosen_on_the_account_is_not_asked(sign_in: SignInAs):
    ben = sign_in("ben")

    ben.post("/account/formats", data={"language": "en", "time_zone": "Africa/Accra"})

    assert OFFER not in ben.get("/jobs").text


def test_zone_that_nobody_knows_leads_to_the_list_of_zones(sign_in: SignInAs):
    ben = sign_in("ben")

    answer = ben.post("/account/time-zone", data={"time_zone": "Mars/Olympus", "use": "yes"}, follow_redirects=True)

    assert "This time zone is not known here." in answer.text
    assert OFFER in answer.text
