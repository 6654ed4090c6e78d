"""The browsers one is signed in with, on one's own account: listed, and ended one by one or all but this one."""

import pytest
from flask.testing import FlaskClient
from sqlmodel import Session, select

from dashboard.audit.models import AuditEntry
from dashboard.team.browsers import browser_in_words
from dashboard.team.models import SignIn
from tests.unit.team.conftest import BrowserOf

pytestmark = pytest.mark.both_engines

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:141.0) Gecko/20100101 Firefox/141.0"


def sign_ins_of(browser: FlaskClient) -> list[dict[str, object]]:
    """As the twin of the account has them: this browser's is marked."""
    found = browser.get("/account.json").get_json()["sign_ins"]
    assert isinstance(found, list)
    return found


def test_every_browser_is_listed_and_this_one_marked(browser_of: BrowserOf):
    browser_of("ben")
    here = browser_of("ben")
    browser_of("ada")

    text, twin = here.get("/account").text, sign_ins_of(here)

    assert text.count("this browser") == 1
    assert text.count("From 127.0.0.1, since") == 2
    assert [sign_in["is_this_one"] for sign_in in twin].count(True) == 1
    assert len(twin) == 2


def test_one_is_ended_and_the_others_go_on(browser_of: BrowserOf, session: Session):
    lost, other, here = (browser_of("ben") for _ in range(3))
    (lost_one,) = (sign_in["id"] for sign_in in sign_ins_of(lost) if sign_in["is_this_one"])

    answer = here.post(f"/account/sign-ins/{lost_one}/end")

    assert (answer.status_code, answer.location) == (303, "/account")
    assert [browser.get("/account").status_code for browser in (lost, other, here)] == [303, 200, 200]
    assert "sign_in.ended" in session.exec(select(AuditEntry.action).order_by(AuditEntry.sequence)).all()
    assert here.post(f"/account/sign-ins/{lost_one}/end").status_code == 404


def test_all_others_are_ended_at_once(browser_of: BrowserOf, session: Session):
    first, second, here, ada = *(browser_of("ben") for _ in range(3)), browser_of("ada")

    here.post("/account/sign-ins/end-others")

    assert [browser.get("/account").status_code for browser in (first, second, here, ada)] == [303, 303, 200, 200]
    line = session.exec(select(AuditEntry).where(AuditEntry.action == "sign_in.others_ended")).one()
    assert line.details == {"count": "2"}


def test_ending_others_where_there_are_none_leaves_no_line(browser_of: BrowserOf, session: Session):
    here = browser_of("ben")

    assert here.post("/account/sign-ins/end-others").status_code == 303

    assert "sign_in.others_ended" not in session.exec(select(AuditEntry.action).order_by(AuditEntry.sequence)).all()
    assert "End all others" not in here.get("/account").text


def test_the_sign_in_of_somebody_else_is_as_if_there_were_none(browser_of: BrowserOf, session: Session):
    ada, ben = browser_of("ada"), browser_of("ben")
    of_ada = sign_ins_of(ada)[0]["id"]

    nobodys = "01890000-0000-7000-8000-000000000000"
    answers = [ben.post(f"/account/sign-ins/{sign_in}/end") for sign_in in (of_ada, nobodys)]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert ada.get("/account").status_code == 200


def test_this_browser_signs_out_by_the_door(browser_of: BrowserOf):
    ben = browser_of("ben")

    page = ben.post(f"/account/sign-ins/{sign_ins_of(ben)[0]['id']}/end", follow_redirects=True).text

    assert "This is the browser that you are using." in page
    assert ben.get("/account").status_code == 200


def test_what_is_kept_about_somebody_is_told_without_secrets(browser_of: BrowserOf, session: Session):
    ben = browser_of("ben")

    text, twin = ben.get("/account").text, ben.get("/account.json").get_json()

    assert "What is stored about you" in text
    assert (twin["email"], twin["role"], twin["language"], twin["time_zone"]) == (
        "ben@example.com",
        "operator",
        "en",
        "UTC",
    )
    for secret in (*session.exec(select(SignIn.token_digest).order_by(SignIn.id)).all(), "password_hash", "digest"):
        assert secret not in str(twin)


@pytest.mark.parametrize("path", ["/account.json", "/account/permissions.json"])
def test_somebody_signed_out_gets_no_twin(client: FlaskClient, path: str):
    assert client.get(path).status_code == 401


@pytest.mark.parametrize(
    "path",
    ["/account/formats", "/account/sign-ins/end-others", "/account/sign-ins/01890000-0000-7000-8000-000000000000/end"],
)
def test_somebody_signed_out_ends_and_chooses_nothing(client: FlaskClient, path: str):
    assert client.post(path).location.startswith("/sign-in")


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (FIREFOX, "Firefox on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (Linux; Android 15; K) Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Linux; Android 14) SamsungBrowser/28.0 Chrome/130 Safari", "Samsung Internet on Android"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.5 Safari/605.1.15", "Safari on Mac"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Mobile Safari/604", "Safari on iPhone"),
        ("Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) CriOS/140.0 Mobile Safari/604.1", "Chrome on iPad"),
        ("something on Linux", "A browser on Linux"),
        ("curl/8.5.0", "An unknown browser"),
        ("", "An unknown browser"),
    ],
)
def test_a_browser_is_named_in_words(user_agent: str, words: str):
    assert browser_in_words(user_agent) == words
