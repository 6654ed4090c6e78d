"""The customer's page on a real server: robots, dead codes, a Smile that is down, and what the logs hold."""

from collections.abc import Iterator
from itertools import product

import pytest

from dashboard.jobs.products import Product
from dashboard.links.models import Link
from tests.factories.links import make_link, reload_link
from tests.integration.conftest import Deployment
from tests.integration.links.phones import Phone

NIN = {"product": Product.ENHANCED_KYC, "country": "NG", "id_type": "NIN"}
ROBOTS = (
    "WhatsApp/2.24.6.77 A",
    "TelegramBot (like TwitterBot)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Twitterbot/1.0",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "SkypeUriPreview Preview/0.5",
    "Viber/20.0",
    "Mozilla/5.0 (compatible; Microsoft Outlook SafeLinks)",
    "Mozilla/5.0 (compatible; Proofpoint URL Defense)",
    "Mimecast-URL-Protect/1.0",
    "Barracuda Sentinel (EE)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) BingPreview/1.0b",
    "Mozilla/5.0 (compatible; Google-Safety; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) (Applebot/0.1)",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/140.0.0.0 Safari/537.36",
)  # fmt: skip


def fresh_link(deployment: Deployment, **changes: object) -> tuple[Link, str]:
    return make_link(deployment.database, deployment.settings(), **(NIN | changes))


@pytest.fixture
def clear_faults(shared_deployment: Deployment) -> Iterator[None]:
    yield
    shared_deployment.sandbox("DELETE", "/_sandbox/faults")


def test_fifty_fetchers_of_previews_leave_the_link_unused(shared_deployment: Deployment) -> None:
    link, code = fresh_link(shared_deployment)
    robot = Phone(shared_deployment.web_url, 1)

    visits = list(product(ROBOTS, ("GET", "HEAD", "OPTIONS")))[:50]
    statuses = [robot.ask(method, f"/v/{code}", headers={"User-Agent": agent})[0] for agent, method in visits]

    after = reload_link(shared_deployment.database, link)
    print(f"{len(visits)} requests of {len(ROBOTS)} kinds of robots; uses spent {after.uses_spent}")
    assert set(statuses) == {200}
    assert after == link
    customer = Phone(shared_deployment.web_url, 2)
    customer.open(code)
    assert customer.press_start(code) == 200


@pytest.mark.parametrize(
    "fault",
    [
        {"mode": "status", "status": 503},
        {"mode": "drop"},
        {"mode": "garbage"},
        {"mode": "delay", "delay_seconds": 4},
        {"mode": "status", "status": 400},
    ],
    ids=lambda fault: str(fault.get("status", fault["mode"])),
)
@pytest.mark.usefixtures("clear_faults")
def test_start_while_smile_is_away_is_told_kindly_and_the_link_stays_usable(
    shared_deployment: Deployment, fault: dict[str, object]
) -> None:
    link, code = fresh_link(shared_deployment)
    phone = Phone(shared_deployment.web_url, 3)
    phone.open(code)
    shared_deployment.sandbox("POST", "/_sandbox/faults", json={"path": "/v1/token", "times": 100, **fault})

    status, page = phone.ask("POST", f"/v/{code}/start", {"consent": "yes", "csrf_token": phone.csrf_token})

    away = reload_link(shared_deployment.database, link)
    assert status == 503
    assert "We cannot start just now" in page.decode()
    assert (away.uses_spent, bool(away.last_error)) == (0, True)
    assert shared_deployment.staff().get(f"/links/{link.id}").status_code == 200
    shared_deployment.sandbox("DELETE", "/_sandbox/faults")
    phone.open(code)
    assert phone.press_start(code) == 200
    assert reload_link(shared_deployment.database, link).last_error is None


def test_no_log_holds_a_code_or_a_token(shared_deployment: Deployment) -> None:
    """After all that the tests above did, and a few failures more."""
    _, code = fresh_link(shared_deployment)
    phone = Phone(shared_deployment.web_url, 4)
    phone.open(code)
    _, page = phone.ask("POST", f"/v/{code}/start", {"consent": "yes", "csrf_token": phone.csrf_token})
    token = page.decode().partition('"token": "')[2].partition('"')[0]
    for path in ("/start", "/submission"):
        phone.ask("POST", f"/v/{code}{path}", {})
    phone.ask("GET", f"/v/{code}?lang=%7F")
    phone.ask("DELETE", f"/v/{code}")

    logs = shared_deployment.logs()

    assert token.count(".") == 2
    assert code not in logs
    assert token not in logs
