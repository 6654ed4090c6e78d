"""The customer's page on a real server: robots, dead codes, a Smile that is down, and what the logs hold."""

import random
import statistics
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from math import erfc, sqrt

import pytest
from flask.testing import FlaskClient

from dashboard.app import create_app
from dashboard.config import Settings
from dashboard.context import context_of
from dashboard.db import Database, utc_now
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


DEAD = {
    "unknown": {},
    "used": {"uses_spent": 1},
    "expired": {"expires_at": utc_now() - timedelta(seconds=1)},
    "paused": {"paused_at": utc_now()},
    "revoked": {"revoked_at": utc_now()},
}


class TestDeadCodes:
    """In this process, where nothing but our own code takes time."""

    SAMPLES = 250
    #: So small that chance alone fails this test once in thousands of runs; and a slower page is found all the same.
    SAME = 1e-5

    @pytest.fixture
    def visitor(self, settings: Settings) -> Iterator[FlaskClient]:
        app = create_app(settings)
        app.config["WTF_CSRF_ENABLED"] = False
        yield app.test_client()
        context_of(app).database.dispose()

    @pytest.fixture
    def codes(self, settings: Settings, visitor: FlaskClient) -> dict[str, str]:
        database: Database = context_of(visitor.application).database
        made = {name: make_link(database, settings, row=row)[1] for name, row in DEAD.items()}
        return made | {"unknown": "u" * len(made["used"])}

    def times(
        self, visitor: FlaskClient, codes: dict[str, str], rounds: int = SAMPLES, slow: str = "", delay: float = 0
    ) -> dict[str, list[float]]:
        """Taken in turns and in changing order, so that whatever else the machine does befalls all alike."""
        taken: dict[str, list[float]] = {name: [] for name in codes}
        chance = random.Random(rounds)
        for _ in range(rounds):
            for name in chance.sample(sorted(codes), len(codes)):
                started = time.perf_counter()
                answer = visitor.get(f"/v/{codes[name]}")
                if name == slow:
                    time.sleep(delay)
                taken[name].append(time.perf_counter() - started)
                assert answer.status_code == 404
        return taken

    def test_the_time_of_an_answer_tells_nothing(self, visitor: FlaskClient, codes: dict[str, str]) -> None:
        context_of(visitor.application).throttle.hit = lambda *_: True
        self.times(visitor, codes, rounds=20)  # Warms up whatever is made once.

        taken = self.times(visitor, codes)

        for name in set(codes) - {"unknown"}:
            chance = chance_of_being_alike(taken["unknown"], taken[name])
            print(
                f"unknown beside {name}: medians {statistics.median(taken['unknown']) * 1e6:.0f} and "
                f"{statistics.median(taken[name]) * 1e6:.0f} us, p = {chance:.3g}"
            )
            assert chance > self.SAME, name

    def test_twice_the_time_would_be_told_apart(self, visitor: FlaskClient, codes: dict[str, str]) -> None:
        """That the test above can fail, however fast the machine is just now."""
        context_of(visitor.application).throttle.hit = lambda *_: True
        usual = statistics.median(self.times(visitor, codes, rounds=20)["used"])

        taken = self.times(visitor, codes, rounds=100, slow="used", delay=usual)

        assert chance_of_being_alike(taken["unknown"], taken["used"]) < self.SAME


def chance_of_being_alike(first: list[float], second: list[float]) -> float:
    """Mann-Whitney's rank test, two-sided: how often two samples of the same page would differ as much."""
    ranked = sorted((value, group) for group, values in enumerate((first, second)) for value in values)
    rank_sum = sum(rank for rank, (_, group) in enumerate(ranked, 1) if group == 0)
    n, m = len(first), len(second)
    u = rank_sum - n * (n + 1) / 2
    z = (u - n * m / 2) / sqrt(n * m * (n + m + 1) / 12)
    return erfc(abs(z) / sqrt(2))
