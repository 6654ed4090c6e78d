"""The overview: what each role sees, where its numbers lead, and when an open page is redrawn."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlmodel import Session, select

from dashboard.audit.models import AuditEntry
from dashboard.db import Database, utc_now
from dashboard.jobs.models import Job, JobState, Outcome
from dashboard.settings.wallet import Balance, save_balance, write_level
from tests.factories.plans import plans_of
from tests.factories.rollups import add, fold_all, job_at, link_at

#: An index that holds few rows by its own condition.
PARTIAL = re.compile(r"INDEX ix_(job_needs_\w+|link_unsubmitted) ")
pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]
HOUR = timedelta(hours=1)


def numbers(page: str) -> dict[str, str]:
    """The addresses on the page that lead to a list, each with its number."""
    found = re.findall(r'<a href="([^"]*\?[^"]*)">(?:<strong>)?([\d,]+)', page)
    return {unescape(address): count for address, count in found}


@pytest.mark.parametrize("who", ["ada", "ben", "cleo"])
def test_every_number_leads_to_a_list_of_that_many(sign_in: SignInAs, database: Database, who: str):
    now = utc_now()
    done = {"state": JobState.DONE, "outcome": Outcome.APPROVED, "country": "NG", "id_type": "BVN"}
    add(database, job_at(now - HOUR, state=JobState.FAILED), *(job_at(now - 20 * HOUR, **done) for _ in range(3)))
    fold_all(database, now)
    member = sign_in(who)

    found = numbers(member.get("/").text)

    assert "3" in found.values()
    assert "/jobs?needs=failed" in found
    for address, count in found.items():
        page = member.get(address).text
        assert f"data-count>{count} " in page, (address, count)


def test_an_empty_overview_says_what_will_be_here(sign_in: SignInAs):
    page = sign_in("ben").get("/").text

    assert "What needs a person appears here" in page
    assert "You have started none yet." in page
    assert "No worker has run yet." in page


def test_an_open_overview_is_drawn_again_only_when_something_changed(sign_in: SignInAs, database: Database):
    ben = sign_in("ben")
    address = poll_of(ben.get("/").text)
    asked = {"HX-Request": "true"}
    assert ben.get(address, headers=asked).status_code == 204

    add(database, job_at(utc_now(), state=JobState.FAILED))
    answer = ben.get(address, headers=asked)

    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert ben.get(poll_of(answer.text), headers=asked).status_code == 204


def poll_of(page: str) -> str:
    found = re.search(r'hx-get="([^"]*seen=[^"]*)"', page)
    assert found
    return unescape(found[1])


def test_before_jobs_are_counted_too_many_of_them_are_said_to_be_counted(
    sign_in: SignInAs, database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("dashboard.rollups.series.COUNT_CAP", 2)
    add(database, *(job_at(utc_now()) for _ in range(3)))

    assert "Being counted." in sign_in("ben").get("/").text


def test_wallet_and_spending_are_for_owners(sign_in: SignInAs, database: Database, session: Session):
    now = utc_now()
    with database.transaction() as writing:
        save_balance(writing, "sandbox", Balance(Decimal("40.00"), "USD", now), now)
        write_level(writing, Decimal("100.00"), now)
    add(database, *(job_at(now, state=JobState.DONE, outcome=Outcome.APPROVED) for _ in range(3)))
    fold_all(database, now)
    ada = sign_in("ada")
    assert "Enter your prices" in ada.get("/").text

    refused = ada.post("/settings/prices", data={"price_biometric_kyc": "much", "currency": "dollars"})
    saved = ada.post("/settings/prices", data={"price_biometric_kyc": "0,25", "currency": "usd"})

    assert (refused.status_code, saved.status_code) == (422, 303)
    assert "Enter a number such as 0.25" in refused.text
    page = ada.get("/").text
    assert "40.00 USD" in page
    assert "below your level of 100.00" in page
    assert "0.75" in page
    assert 'value="0.25"' in ada.get("/settings").text
    assert session.exec(select(AuditEntry).where(AuditEntry.action == "prices.changed")).one()
    assert "Wallet and spend" not in sign_in("ben").get("/").text


def test_own_work_is_the_newest_jobs_and_links_of_the_reader(sign_in: SignInAs, database: Database):
    now = utc_now()
    add(
        database,
        job_at(now - HOUR, customer_reference="own job"),
        link_at(now - HOUR, customer_reference="own link", opened_at=now),
        *(make(now, customer_reference="another's", created_by="ada@example.com") for make in (job_at, link_at)),
    )

    ben, others = sign_in("ben").get("/").text, sign_in("cleo").get("/").text

    own = ben.partition("Your recent work")[2].partition("</section>")[0]
    assert "own job" in own
    assert "own link" in own
    assert "Document Verification, opened, " in own
    assert "another&#39;s" not in own
    assert "/links?maker=ben@example.com" in own
    assert "You have started none yet." in others


def test_every_look_of_the_overview_is_a_stretch_of_an_index(sign_in: SignInAs, database: Database):
    now = utc_now()
    add(database, *(answered(now - HOUR, 3) for _ in range(3)), link_at(now - HOUR, opened_at=now))
    fold_all(database, now)
    ben = sign_in("ben")

    plans = plans_of(database, lambda: ben.get("/"), "job", "link")

    assert plans
    by_few_bounds = [plan for plan in plans if plan.startswith("SCAN") or plan.endswith("(environment=?)")]
    assert [plan for plan in by_few_bounds if not PARTIAL.search(plan)] == []


def test_an_authority_that_is_slow_says_since_when(sign_in: SignInAs, database: Database):
    now = utc_now()
    usual = [(now - timedelta(days=1 + number % 12), 3) for number in range(40)]
    add(database, *(answered(made, seconds) for made, seconds in [*usual, *[(now, 40)] * 6]))
    fold_all(database, now)
    cleo = sign_in("cleo")

    page, twin = cleo.get("/").text, cleo.get("/overview.json").json

    assert twin
    (authority,) = twin["authorities"]
    assert abs(authority["half_took_seconds"] - 40) < 2
    assert abs(authority["usual_half_seconds"] - 3) < 0.2
    assert authority["slower_since"] <= now.isoformat()
    found = re.search(r'<a class="worse" href="([^"]*)">', page)
    assert found
    assert "data-count>6 " in cleo.get(unescape(found[1])).text


def answered(made: datetime, seconds: float) -> Job:
    spent = {"submitted_at": made, "settled_at": made + timedelta(seconds=seconds)}
    return job_at(made, country="NG", id_type="NIN_V2", **spent)


def test_the_overview_as_json(sign_in: SignInAs, database: Database):
    add(database, job_at(utc_now(), state=JobState.FAILED))

    twin = sign_in("cleo").get("/overview.json").json

    assert twin
    assert [(each["what"], each["count"], each["filters"]) for each in twin["needs"]] == [
        ("failed", 1, {"needs": "failed"})
    ]
    assert (len(twin["days"]), twin["days"][-1]["jobs"]) == (14, 1)
