"""Jobs taken out as CSV: what the filter shows, no person in it, and a line in the trail that tells how many."""

import csv
import io
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlmodel import Session, select

from dashboard.audit.models import AuditEntry
from dashboard.jobs.models import Job, JobState
from dashboard.jobs.products import Product
from dashboard.jobs.showing import export_views
from dashboard.web.lists import reading
from dashboard.web.pages.spreadsheets import BYTE_ORDER_MARK
from tests.factories.jobs import BVN

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]
MakeJob = Callable[..., Job]


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK), newline="")))


def export_line(session: Session) -> AuditEntry:
    session.rollback()
    return session.exec(select(AuditEntry).where(AuditEntry.action == "jobs.exported")).one()


def test_it_holds_what_the_filter_shows_and_the_trail_tells_of_it(
    sign_in: SignInAs, make_job: MakeJob, session: Session
):
    job = make_job(Product.ENHANCED_KYC, customer_reference="=cust-1", state=JobState.WAITING)
    make_job(Product.ENHANCED_KYC, state=JobState.DONE, outcome="approved")
    make_job(Product.ENHANCED_KYC, environment="production", state=JobState.WAITING)

    answer = sign_in("ben").get("/jobs.csv?state=waiting")

    rows = rows_of(answer.text)
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="jobs.csv"'
    assert [row["id"] for row in rows] == [str(job.id)]
    assert rows[0]["customer_reference"] == "'=cust-1"
    assert tuple(rows[0]) == export_views.HEADER
    line = export_line(session)
    assert (line.who, line.subject) == ("ben@example.com", "jobs")
    assert line.details == {"state": "waiting", "jobs": "1"}


def test_no_person_is_in_it_and_what_was_searched_for_is_not_in_the_trail(
    sign_in: SignInAs, make_job: MakeJob, session: Session
):
    make_job(Product.ENHANCED_KYC)

    text = sign_in("ada").get("/jobs.csv?q=job", follow_redirects=True).text

    assert len(rows_of(text)) == 1
    assert not [value for value in (BVN, "Amina", "Bello") if value in text]
    assert export_line(session).details == {"q": "a search", "jobs": "1"}


def test_many_jobs_come_in_batches_and_each_once(sign_in: SignInAs, make_job: MakeJob, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reading, "EXPORTED_AT_ONCE", 2)
    jobs = [make_job(Product.ENHANCED_KYC) for _ in range(4)]

    rows = rows_of(sign_in("ben").get("/jobs.csv").text)

    assert [row["id"] for row in rows] == [str(job.id) for job in reversed(jobs)]


def test_an_empty_list_is_a_header(sign_in: SignInAs, session: Session):
    answer = sign_in("ben").get("/jobs.csv")

    assert answer.text.removeprefix(BYTE_ORDER_MARK).splitlines() == [
        ",".join(f'"{name}"' for name in export_views.HEADER)
    ]
    assert export_line(session).details == {"jobs": "0"}


def test_a_viewer_takes_nothing_out_and_is_offered_nothing(sign_in: SignInAs, client: FlaskClient, make_job: MakeJob):
    make_job(Product.ENHANCED_KYC)
    assert client.get("/jobs.csv").status_code == 303

    cleo = sign_in("cleo")

    assert cleo.get("/jobs.csv").status_code == 403
    assert "Export CSV" not in cleo.get("/jobs").text
    assert 'href="/jobs.csv?state=queued"' in sign_in("ben").get("/jobs?state=queued&after=x").text
