"""What a customer sees: the page before Start, one page for every dead code, and how far their own one is."""

import gzip
import json
import re
from collections.abc import Callable

import brotli
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dashboard.config import Settings
from dashboard.context import context_of
from dashboard.db import Database, utc_now
from dashboard.jobs.models import JobState, Outcome
from dashboard.jobs.products import Product
from dashboard.languages import LANGUAGES
from dashboard.links.customer.views import VISITS
from dashboard.links.customer.visits import digest_of_browser
from dashboard.links.models import Link
from dashboard.stored_settings import Branding, write_branding
from tests.factories.jobs import update_job
from tests.factories.links import TWO_CHOICES, make_link, make_start, reload_link
from tests.factories.plans import noted_statements
from tests.unit.links.dead_codes import DEAD

pytestmark = pytest.mark.both_engines

NewPhone = Callable[[], FlaskClient]
BUDGET = 14 * 1024
CSRF_VALUE = re.compile(r'(?<=name="csrf_token" value=")[^"]+')
KORA = Branding(
    "Kora Bank",
    "/static/img/kora-bank.svg",
    "#0b5d4e",
    "https://example.com/privacy",
    {"en": "So that you can open your account."},
    ("https://kora.example.com/done",),
)
ROBOTS = [
    "WhatsApp/2.23.20.0",
    "facebookexternalhit/1.1",
    "TelegramBot (like TwitterBot)",
    "Slackbot-LinkExpanding 1.0",
    "Mozilla/5.0 (compatible; Google-Safety; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) BingPreview/1.0b",
    "Mozilla/5.0 (X11; Linux x64) HeadlessChrome/140.0 Safari/537.36",
]


@pytest.fixture(autouse=True)
def _kora(database: Database) -> None:
    with database.transaction() as session:
        write_branding(session, KORA, utc_now())


def test_it_says_who_asks_why_what_is_needed_and_how_long(phone: FlaskClient, database: Database, settings: Settings):
    link, code = make_link(database, settings)

    answer = phone.get(f"/v/{code}", headers={"Accept-Language": "en"})

    assert answer.status_code == 200
    for words in (
        "Kora Bank asks you to confirm who you are",
        "So that you can open your account.",
        "the document itself, not a copy: Passport",
        "About 2 minutes · about 6 MB of data",
        "I agree that Kora Bank checks my identity with Smile ID.",
        f"This link works until {link.expires_at:%A} {link.expires_at.day}",
    ):
        assert words in answer.text
    assert "<script" not in answer.text
    assert re.findall(r'(?:src|action)="(?!/)', answer.text) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_speaks_the_language_of_the_link_and_switches(
    phone: FlaskClient, database: Database, settings: Settings, language: str
):
    _, code = make_link(database, settings, language=language)
    other = "fr" if language != "fr" else "en"

    page = phone.get(f"/v/{code}", headers={"Accept-Language": other})
    switched = phone.get(f"/v/{code}?lang={other}")

    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in page.text
    assert page.headers["Content-Language"] == language
    assert switched.headers["Content-Language"] == other


def test_a_choice_is_made_before_start(phone: FlaskClient, database: Database, settings: Settings):
    _, code = make_link(database, settings, choices=TWO_CHOICES)

    page = phone.get(f"/v/{code}?lang=fr").text

    assert "Passeport (Nigeria)" in page
    assert "Ghana card (Ghana)" in page


@pytest.mark.parametrize(
    ("product", "id_type", "words"),
    [
        (Product.BASIC_KYC, "BVN", "your number: BVN"),
        (Product.ENHANCED_KYC, "", "the number of your identity document"),
        (Product.DOCUMENT_VERIFICATION, "", "an identity document, for example your passport"),
        (Product.SMARTSELFIE_REGISTRATION, "", "About 1 minute · about 5 MB"),
    ],
)
def test_what_is_needed_depends_on_the_product(
    phone: FlaskClient, database: Database, settings: Settings, product: Product, id_type: str, words: str
):
    _, code = make_link(database, settings, product=product, id_type=id_type)

    page = phone.get(f"/v/{code}?lang=en").text

    assert words in page
    assert ("camera" in page) is (product not in (Product.BASIC_KYC, Product.ENHANCED_KYC))


@pytest.mark.parametrize("encoding", ["br", "gzip"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_first_visit_is_light(
    app: Flask, phone: FlaskClient, database: Database, settings: Settings, language: str, encoding: str
):
    _, code = make_link(database, settings, choices=TWO_CHOICES, language=language)
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress}[encoding]

    def sent(address: str) -> tuple[int, bytes]:
        with phone.get(address, headers={"Accept-Encoding": encoding}) as answer:
            assert answer.status_code == 200
            head = sum(len(name) + len(value) + 4 for name, value in answer.headers)
            is_packed = answer.headers.get("Content-Encoding") == encoding
            return head + len(answer.data), unpack(answer.data) if is_packed else answer.data

    total, page = sent(f"/v/{code}")
    loaded = set(re.findall(r'(?:src|href)="(/(?:static|v)/[^"?]+)"', page.decode()))
    total += sum(sent(address)[0] for address in loaded)

    print(f"customer's first page, {language}, {encoding}: {total} bytes with headers, {len(loaded) + 1} requests")
    assert len(loaded) == 4  # style, theme, logo, and the picture that tells that the page was opened
    assert total <= BUDGET


def test_fetchers_of_previews_change_nothing(new_phone: NewPhone, database: Database, settings: Settings):
    link, code = make_link(database, settings)

    for number in range(50):
        method = ("GET", "HEAD", "OPTIONS")[number % 3]
        headers = {"User-Agent": ROBOTS[number % len(ROBOTS)]}
        answer = new_phone().open(f"/v/{code}", method=method, headers=headers)
        assert answer.status_code == 200
    new_phone().open(f"/v/{code}/start", method="OPTIONS")
    new_phone().get(f"/v/{code}/start")
    new_phone().head(f"/v/{code}/seen.gif")

    assert reload_link(database, link) == link


def test_everybody_gets_the_same_page(new_phone: NewPhone, database: Database, settings: Settings):
    _, code = make_link(database, settings)

    pages = [new_phone().get(f"/v/{code}", headers={"User-Agent": agent}).text for agent in ROBOTS]

    assert len({CSRF_VALUE.sub("", page) for page in pages}) == 1


def test_a_browser_that_shows_pictures_opens_the_link(phone: FlaskClient, database: Database, settings: Settings):
    link, code = make_link(database, settings)
    address = re.search(r'src="(/v/[^"]+/seen.gif)"', phone.get(f"/v/{code}").text)
    assert address

    answers = [phone.get(address[1]), phone.get(address[1])]

    opened = reload_link(database, link)
    assert opened.opened_at is not None
    assert (opened.uses_spent, opened.version) == (0, link.version + 1)
    assert {answer.mimetype for answer in answers} == {"image/gif"}


def seen_of(answer: TestResponse) -> tuple[object, ...]:
    return (answer.status_code, sorted(answer.headers), answer.data)


@pytest.mark.parametrize("why", DEAD)
@pytest.mark.parametrize("language", ["en", "ar"])
def test_every_dead_code_answers_just_as_one_that_never_was(
    new_phone: NewPhone, database: Database, settings: Settings, why: str, language: str
):
    _, code = make_link(database, settings, language="sw", row=DEAD[why])
    unknown = "u" * len(code)
    accepts = {"Accept-Language": language}

    for path, method in (("", "GET"), ("", "HEAD"), ("/seen.gif", "GET"), ("/start", "POST"), ("/submission", "POST")):
        answers, statements = [], []
        for each in (code, unknown):
            with noted_statements() as noted:
                address = f"/v/{each}{path}"
                answers.append(new_phone().open(address, method=method, headers=accepts, data={"consent": "yes"}))
            statements.append([statement for statement, _ in noted])
        found, never_was = answers
        assert seen_of(found) == seen_of(never_was), path
        assert found.status_code == (200 if path == "/seen.gif" else 404)
        # The same work, so that the time of an answer tells nothing either.
        assert statements[0] == statements[1], path


def test_the_dead_page_says_what_to_do_in_the_visitors_language(phone: FlaskClient):
    by_browser = phone.get("/v/nothing", headers={"Accept-Language": "fr"})
    by_switch = phone.get("/v/nothing?lang=sw", headers={"Accept-Language": "fr"})

    assert "Demandez un nouveau lien" in by_browser.text
    assert "Omba kiungo kipya" in by_switch.text


@pytest.fixture
def returning(phone: FlaskClient, database: Database, settings: Settings) -> Callable[..., tuple[str, str]]:
    """A customer who comes back in the browser that started: the code, and what the page shows now."""

    def come_back(uses: int = 1, row: dict[str, object] | None = None, **job: object) -> tuple[str, str]:
        link, code = make_link(database, settings, uses=uses, language="en", return_url="https://kora.example.com/done")
        phone.get(f"/v/{code}")
        cookie = phone.get_cookie("visit")
        assert cookie
        made = make_start(database, settings, code, digest_of_browser(cookie.value))
        update_job(database, made, **job)
        with database.transaction() as session:
            for name, value in (row or {}).items():
                setattr(session.get_one(Link, link.id), name, value)
        return code, phone.get(f"/v/{code}").text

    return come_back


SUBMITTED = {"state": JobState.WAITING, "submitted_at": utc_now()}
DONE = SUBMITTED | {"state": JobState.DONE, "outcome": Outcome.REJECTED, "result_code": "0813", "result_text": "No."}


def test_who_did_not_finish_can_go_on(returning: Callable[..., tuple[str, str]]):
    code, page = returning()

    assert "You have started already" in page
    assert f'action="/v/{code}/start"' in page


@pytest.mark.parametrize("row", [{}, {"revoked_at": utc_now()}, {"expires_at": utc_now()}])
def test_who_submitted_reads_that_it_arrived_whatever_becomes_of_the_link(
    returning: Callable[..., tuple[str, str]], row: dict[str, object]
):
    _, page = returning(row=row, **SUBMITTED)

    assert "Thank you, everything has arrived" in page
    assert 'href="https://kora.example.com/done"' in page
    assert "Start for another person" not in page


def test_the_verdict_is_never_told(returning: Callable[..., tuple[str, str]]):
    _, page = returning(**DONE)

    assert "Your verification is finished" in page
    assert "rejected" not in page.lower()
    assert "0813" not in page


def test_a_return_address_that_is_no_longer_allowed_is_gone(
    returning: Callable[..., tuple[str, str]], phone: FlaskClient, database: Database
):
    code, _ = returning(**SUBMITTED)
    with database.transaction() as session:
        write_branding(session, Branding("Kora Bank"), utc_now())

    assert "kora.example.com" not in phone.get(f"/v/{code}").text


def test_a_desk_can_start_for_the_next_person(returning: Callable[..., tuple[str, str]], phone: FlaskClient):
    code, page = returning(uses=2, **SUBMITTED)

    assert "Start for another person" in page
    assert "I agree that Kora Bank" in phone.get(f"/v/{code}?new=1").text


def test_another_browser_sees_a_dead_link_where_the_first_sees_its_state(
    returning: Callable[..., tuple[str, str]], new_phone: NewPhone
):
    code, _ = returning(**SUBMITTED)
    stranger, liar = new_phone(), new_phone()
    liar.set_cookie("visit", "0" * 32)

    assert stranger.get(f"/v/{code}").status_code == 404
    assert liar.get(f"/v/{code}").status_code == 404


def test_six_hundred_visits_a_minute_from_one_address_are_served_and_thousands_are_not(
    app: Flask, phone: FlaskClient, database: Database, settings: Settings
):
    """Most of them are only counted, and the minute stands still: drawing 1,200 pages may take longer than one."""
    _, code = make_link(database, settings)
    throttle = context_of(app).throttle

    with time_machine.travel(utc_now(), tick=False):
        served = [phone.get(f"/v/{code}").status_code for _ in range(10)]
        guessed = [phone.get("/v/guess").status_code for _ in range(10)]
        counted = [throttle.hit(VISITS, "127.0.0.1") for _ in range(VISITS.amount - 21)]
        last = phone.get(f"/v/{code}")
        refused = phone.get(f"/v/{code}")

    assert VISITS.amount >= 600
    assert (served, guessed, all(counted)) == ([200] * 10, [404] * 10, True)
    assert last.status_code == 200
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert "your link still works" in refused.text


def test_theme_has_ink_that_can_be_read(phone: FlaskClient):
    dark, bright = phone.get("/v/theme/0b5d4e.css"), phone.get("/v/theme/ffd400.css")

    assert dark.text == ":root{--brand:#0b5d4e;--on-brand:#fff}"
    assert bright.text.endswith("--on-brand:#000}")
    assert "immutable" in dark.headers["Cache-Control"]
    assert phone.get("/v/theme/red;}.css").status_code == 404


def test_a_failure_of_ours_is_told_kindly_and_logged_without_the_code(
    phone: FlaskClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def fall_over(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("dashboard.links.customer.views.open_link_of", fall_over)

    answer = phone.get("/v/a-secret-code")

    assert answer.status_code == 500
    assert "Please try again in a few minutes." in answer.text
    logged = capsys.readouterr().out
    assert "ZeroDivisionError" in logged
    assert "a-secret-code" not in logged


def test_nothing_personal_and_no_code_is_in_the_audit_trail(phone: FlaskClient, database: Database, settings: Settings):
    _, code = make_link(
        database, settings, prefill={"id_number": "22212345678", "last_name": "Bello"}, prefill_is_locked=True
    )

    phone.post(f"/v/{code}/start", data={"consent": "yes"})

    with database.engine.connect() as connection:
        entries = json.dumps([list(map(str, row)) for row in connection.exec_driver_sql("SELECT * FROM audit_entry")])
    assert "link.started" in entries
    assert not any(secret in entries for secret in (code, "22212345678", "Bello"))
