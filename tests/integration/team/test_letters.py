"""Web and worker as processes, and a mail server that speaks TLS: an invitation and a new password, by e-mail."""

import re
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlmodel import select

from dashboard.team.models import Member
from tests.factories.mail import SENDER, Post, mail_server
from tests.factories.team import PASSWORD
from tests.integration.conftest import Deployment, Staff

NEW_PASSWORD = "another fine long one"
AT_ONCE = 30


def letter_to(post: Post, to: str, seconds: float = 30) -> str:
    """The text of the newest letter to this address; waits until there is one."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        texts = [letter.get_content() for letter in post.letters if letter["To"] == to]
        if texts:
            return str(texts[-1])
        time.sleep(0.1)
    raise AssertionError(f"no letter to {to}")


def link_in(deployment: Deployment, text: str) -> str:
    found = re.search(rf"{re.escape(deployment.web_url)}(/\S+)", text)
    assert found, text
    return found[1]


def token_of(staff: Staff, path: str) -> str:
    return staff.get(path).text.partition('name="csrf_token" value="')[2].partition('"')[0]


def send(staff: Staff, path: str, data: dict[str, str], page: str = "") -> int:
    """Sends a form of the door, which has its token on its own page."""
    sent = data | {"csrf_token": token_of(staff, page or path)}
    headers = {"Origin": staff.base_url}
    return staff.http.post(staff.base_url + path, sent, timeout=30, allow_redirects=False, headers=headers).status_code


@pytest.mark.timeout(240)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # tests/unit/team runs the races on each engine
def test_an_invitation_and_a_new_password_come_by_e_mail(tmp_path: Path, deploy: Callable[..., Deployment]) -> None:
    with mail_server(tmp_path, "smtp") as post:
        deployment = deploy(
            "web",
            DASHBOARD_SMTP_URL=post.url,
            DASHBOARD_SMTP_CA_FILE=str(post.ca_file),
            DASHBOARD_MAIL_FROM=SENDER,
            DASHBOARD_MAIL_WAITS="0.2,0.2,0.2,0.2,0.2",
            DASHBOARD_TRUSTED_PROXIES="1",
        )
        ada = deployment.staff("ada")
        page = ada.post("/team/invitations", {"email": "eve@example.com", "role": "operator"}).headers["Location"]
        assert ada.get(f"{page}.json").json()["mail"]["sent_at"] is None  # nobody to send it yet
        post.answers += ["450 later", "450 later"]
        deployment.start("worker")

        link = link_in(deployment, letter_to(post, "eve@example.com"))
        statuses = accept_at_once(deployment, link)
        eve = Staff(deployment.web_url)
        assert send(eve, "/forgotten-password", {"email": "eve@example.com"}) == 303
        reset = link_in(deployment, letter_to_reset(post))
        assert send(eve, reset, {"password": NEW_PASSWORD}) == 303

    print(f"{AT_ONCE} browsers accepted one invitation at once: {dict(statuses)}")
    assert statuses == {303: 1, 404: AT_ONCE - 1}
    with deployment.database.reading() as session:
        assert len(session.exec(select(Member).where(Member.email == "eve@example.com").order_by(Member.id)).all()) == 1
    assert send(eve, "/sign-in", {"email": "eve@example.com", "password": PASSWORD}) == 422
    assert send(eve, "/sign-in", {"email": "eve@example.com", "password": NEW_PASSWORD}) == 303
    assert eve.get("/account.json").json()["role"] == "operator"
    assert ada.get(f"{page}.json").json()["mail"]["attempts"] == 3
    for secret in (link.rpartition("/")[2], reset.rpartition("/")[2], "eve@example.com"):
        assert secret not in deployment.logs()


def accept_at_once(deployment: Deployment, link: str) -> Counter[int]:
    """Each from an address of its own, so that no limit by address decides who wins."""
    barrier = Barrier(AT_ONCE)

    def accept(number: int) -> int:
        browser = Staff(deployment.web_url)
        browser.http.headers["X-Forwarded-For"] = f"192.0.2.{number}"
        token = token_of(browser, link)
        barrier.wait()
        answer = browser.http.post(
            browser.base_url + link,
            {"name": f"Eve {number}", "password": PASSWORD, "csrf_token": token},
            timeout=60,
            allow_redirects=False,
            headers={"Origin": browser.base_url},
        )
        return answer.status_code

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return Counter(pool.map(accept, range(1, AT_ONCE + 1)))


def letter_to_reset(post: Post) -> str:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        text = letter_to(post, "eve@example.com")
        if "/new-password/" in text:
            return text
        time.sleep(0.1)
    raise AssertionError("no letter with a way to a new password")
