"""The page of reports, its files, and what it says where it has no numbers."""

import csv
import io
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient

from dashboard.db import Database, utc_now
from dashboard.jobs.models import JobState, Outcome
from dashboard.links.models import LinkStart
from dashboard.reports.kinds import KINDS
from tests.factories.rollups import add, fold_all, job_at, link_at

CONSENT = {"browser_digest": "b", "language": "en", "consent_text": "I agree", "consented_at": utc_now()}
SignInAs = Callable[[str], FlaskClient]
KEYED = [(kind.name, by) for kind in KINDS.values() if not kind.is_of_one_link for by in kind.groupings]


@pytest.fixture
def now(database: Database) -> datetime:
    """Two jobs and a link of a moment ago, counted."""
    now = utc_now()
    done = {"state": JobState.DONE, "country": "NG", "id_type": "NIN_V2", "submitted_at": now}
    add(
        database,
        job_at(now, outcome=Outcome.APPROVED, result_code="0810", settled_at=now + timedelta(seconds=3), **done),
        job_at(now, outcome=Outcome.REJECTED, warning_kinds="deceased suspects", warning_count=2, **done),
        link_at(now, opened_at=now),
    )
    fold_all(database, now)
    return now


@pytest.mark.usefixtures("now")
@pytest.mark.parametrize(("report", "by"), KEYED)
def test_each_report_is_a_page_with_two_tables_for_everybody(sign_in: SignInAs, report: str, by: str) -> None:
    page = sign_in("cleo").get(f"/reports?report={report}&by={by}&period=month")

    assert page.status_code == 200
    assert f"<h2>{KINDS[report].label} by {KINDS[report].groupings[by].in_sentence}</h2>" in page.text
    assert page.text.count("<table") == 2
    assert "/jobs?" in page.text or "/links?" in page.text


@pytest.mark.usefixtures("now")
def test_what_is_counted_by_months_asks_for_whole_months(sign_in: SignInAs) -> None:
    client = sign_in("ben")

    page = client.get("/reports?report=volume&by=maker&period=7d")

    assert "Maker is counted by whole months only" in page.text
    assert "<table" not in page.text
    program = client.get("/reports.json?report=volume&by=maker&period=7d")
    assert (program.status_code, program.get_json()["error"]) == (
        422,
        "Maker is counted by whole months only. Choose whole months.",
    )


@pytest.mark.usefixtures("now")
def test_a_report_of_whole_months_begins_with_this_month(sign_in: SignInAs) -> None:
    client = sign_in("ben")

    assert "<h2>Warnings by month</h2>" in client.get("/reports?report=warnings").text
    page = client.get("/reports?report=volume&period=7d")
    assert "/reports?report=warnings&amp;by=warning&amp;period=month" in page.text
    assert "/reports?report=codes&amp;by=code&amp;period=7d" in page.text
    assert ">Maker (whole months)</option>" in page.text


@pytest.mark.usefixtures("now")
def test_filters_that_are_not_counted_together_are_named(sign_in: SignInAs) -> None:
    client = sign_in("ben")

    assert "Time to result by country" in client.get("/reports?report=time&by=product&country=NG").text
    page = client.get("/reports?report=time&product=enhanced_kyc&country=NG")
    assert "Time to result is not counted with these filters together." in page.text


@pytest.mark.parametrize(
    ("dates", "said"),
    [
        ("since=2026-02-30", "Enter a date, such as 2026-11-24."),
        ("since=tomorrow", "Enter a date, such as 2026-11-24."),
        ("until=2026-11-24", "Enter the day that it begins with."),
        ("since=2026-11-24&until=2026-11-23", "This is before the day that it begins with."),
        ("since=1999-12-31", "Enter a day after 2000-01-01."),
        ("since=2001-01-01&until=2026-01-01", "A report is about ten years at most."),
        ("since=2026-01-01&until=9999-12-31", "A report is about ten years at most."),
    ],
)
def test_wrong_dates_are_told_at_their_field(sign_in: SignInAs, dates: str, said: str) -> None:
    page = sign_in("ben").get(f"/reports?{dates}")

    assert page.status_code == 422
    assert said in page.text
    assert "aria-invalid" in page.text
    assert "<title>Error: " in page.text


def test_before_rows_are_counted_it_says_so(sign_in: SignInAs) -> None:
    client = sign_in("ben")

    assert "Not counted yet" in client.get("/reports").text
    assert client.get("/reports.csv").status_code == 503


def test_an_authority_that_is_slow_is_named(sign_in: SignInAs, database: Database, now: datetime) -> None:
    usual = [(now - timedelta(days=1 + number % 12), 3) for number in range(40)]
    lately = [(now, 40)] * 6
    jobs = [
        job_at(made, country="NG", id_type="NIN_V2", submitted_at=made, settled_at=made + timedelta(seconds=seconds))
        for made, seconds in (*usual, *lately)
    ]
    add(database, *jobs)

    page = sign_in("cleo").get("/reports?report=time").text

    assert "<strong>NIN V2, Nigeria</strong> is slower than usual since" in page
    assert ">7 jobs</a> took 42 s or more, usually 3.1 s." in page  # with one of 3 seconds


def test_the_report_of_one_link_is_reached_from_its_page_and_keeps_to_it(
    sign_in: SignInAs, database: Database, now: datetime
) -> None:
    link = link_at(now - timedelta(days=3), uses_allowed=50, uses_spent=2)
    jobs = [job_at(now, link_id=link.id, country="NG", outcome=each) for each in (None, Outcome.APPROVED)]
    add(database, link, *jobs, *(LinkStart(link_id=link.id, job_id=job.id, **CONSENT) for job in jobs))
    cleo = sign_in("cleo")

    address = f"/reports?report=link&link={link.id}"
    assert unescape(address) in unescape(cleo.get(f"/links/{link.id}").text)
    page = cleo.get(address).text

    assert "<h2>Conversion by product</h2>" in page
    assert "2 of 50 uses spent" in page
    assert f"/reports?report=outcomes&amp;by=product&amp;link={link.id}" in page
    assert "/reports?report=links&amp;" not in page
    twin = cleo.get(f"/reports.json?report=link&link={link.id}").get_json()
    assert [twin["groups"][0][each] for each in ("Started", "With an outcome", "Approved")] == [2, 1, 1]
    other = cleo.get(f"/reports.json?report=volume&link={link.id}&country=NG&every=hour").get_json()
    assert (other["groups"][0]["Jobs"], other["link_id"]) == (2, str(link.id))
    assert "Time to result by product" in cleo.get(f"/reports?report=time&link={link.id}").text


@pytest.mark.usefixtures("now")
@pytest.mark.parametrize("link", ["x", "019a0000-0000-7000-8000-000000000001", "%00"])
def test_a_link_that_there_is_not_has_no_report(sign_in: SignInAs, link: str) -> None:
    assert sign_in("ben").get(f"/reports?report=volume&link={link}").status_code == 404


@pytest.mark.usefixtures("now")
def test_a_report_is_kept_as_a_view_with_its_period_and_count(sign_in: SignInAs) -> None:
    ben = sign_in("ben")
    page = ben.get("/reports?report=outcomes&by=country&period=7d&country=NG").text
    found = re.search(r'href="(/views/new[?][^"]*)"', page)
    assert found
    form = unescape(found[1])
    assert "Outcomes, by country, last 7 days, Nigeria" in ben.get(form).text

    query = form.partition("?")[2]
    saved = ben.post(f"/views?{query}", data={"name": "Nigeria", "pinned": "yes", "shared": "yes"})
    opened = ben.get(saved.location)

    assert opened.location.startswith("/reports?report=outcomes&by=country&period=7d&")
    shown = ben.get(opened.location).text
    assert "<h2>Outcomes by country</h2>" in shown
    assert '>Nigeria <span class="pinned-count">2</span>' in shown
    assert "Nigeria" in sign_in("cleo").get("/views").text


@pytest.mark.usefixtures("now")
def test_nothing_in_a_period_is_said(sign_in: SignInAs) -> None:
    page = sign_in("ben").get("/reports?report=codes&since=2020-01-01&until=2020-01-31")

    assert "Nothing in this period" in page.text
    assert "<table" not in page.text


@pytest.mark.usefixtures("now")
@pytest.mark.parametrize(
    "nonsense", ["report=x&by=x&every=x&period=x", "product=x%00&country=zz&by=country&every=hour"]
)
def test_an_address_of_nonsense_is_a_page(sign_in: SignInAs, nonsense: str) -> None:
    assert sign_in("ben").get(f"/reports?{nonsense}").status_code == 200


@pytest.mark.usefixtures("now")
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("result=none", "Result: it is looked up only within a range of time, so nothing is found."),
        ("time=soon", "is not a range of time, so nothing is found."),
        ("time=5-253402300799", "is not a range of time, so nothing is found."),
        ("time=9-5", "Shows only what was made from 1 Jan 1970, 00:00:09 UTC to 1 Jan 1970, 00:00:05 UTC."),
        ("time=0-252000000000&result=timed", "Shows only jobs with a time to result."),
    ],
)
def test_a_list_says_which_rows_a_report_leads_to(sign_in: SignInAs, query: str, said: str) -> None:
    client = sign_in("ben")

    assert said in client.get(f"/jobs?{query}").text
    assert client.get(f"/jobs.json?{query}").get_json()["count"] == query.count("&")


def test_the_file_has_the_numbers_of_both_tables(sign_in: SignInAs, now: datetime) -> None:
    client = sign_in("cleo")

    groups = opened(client.get("/reports.csv?report=time&period=today").data)
    steps = opened(client.get("/reports.csv?report=outcomes&period=today&table=steps").data)

    assert groups[0][:4] == ["Product", "Jobs", "With a result", "Half took at most"]
    assert groups[1][:3] == ["All", "2", "1"]
    assert abs(float(groups[1][3]) - 3) < 0.15
    assert steps[0][:3] == ["Hour", "Begins", "Approved"]
    assert [row[2] for row in steps[1:]].count("1") == 1


def test_a_program_gets_the_same_numbers(sign_in: SignInAs, now: datetime) -> None:
    answer = sign_in("cleo").get("/reports.json?report=links&period=today").get_json()

    assert answer["groups"][0] | {"Change": None} == {
        "label": "All",
        "Created": 1,
        "Opened": 1,
        "Started": 0,
        "Submitted": 0,
        "Result": 0,
        "Completion rate": 0.0,
        "Rate before": None,
        "Change": None,
    }
    assert sum(step["Created"] for step in answer["steps"]) == 1


def opened(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
