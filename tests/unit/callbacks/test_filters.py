"""What the list of callbacks finds, and today's bar above it, whose counts are those of the lists they lead to."""

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from dashboard.callbacks.filters import NO_JOB, CallbackFilter
from dashboard.callbacks.models import Callback
from dashboard.callbacks.queries import callbacks_of_same_job
from dashboard.context import context_of
from dashboard.crypto import KeyRing
from dashboard.db import Database, first_id_of, new_id, utc_now
from dashboard.jobs.following.outcome import read_result, settle_job
from dashboard.jobs.models import Job, ResultSource
from dashboard.web.lists.fields import Scope
from dashboard.web.lists.reading import page_of
from tests.conftest import ENCRYPTION_KEY
from tests.factories.callbacks import deliver, encode, make_job, make_payload, sign
from tests.factories.plans import plans_of

pytestmark = pytest.mark.both_engines

SignIn = Callable[[str], FlaskClient]
NUMBER = KeyRing.from_base64([ENCRYPTION_KEY]).digest_for_search("A00000001")


@pytest.fixture
def all_kinds(client: FlaskClient, database: Database) -> Job:
    """Seven rows, told apart by their result texts; one came twice."""
    job = make_job(database)
    mine = encode(make_payload(ResultText="mine"))
    deliver(client, mine)
    deliver(client, mine)
    deliver(client, encode(make_payload(ResultText="old", age=timedelta(hours=1))))
    deliver(client, encode(make_payload(ResultText="wrong", signature="d3Jvbmc=")))
    deliver(client, encode(make_payload(ResultText="missing", signature=None)))
    orphan = make_payload(
        ResultText="orphan",
        PartnerParams={"job_id": "job-2", "job_type": 6},
        Country="KE",
        IDType="PASSPORT",
        IDNumber="A00000001",
    )
    deliver(client, encode(orphan))
    deliver(client, encode(orphan | {"ResultText": "reused"}))
    number_only = make_payload(ResultText="odd", job_id="job-3", PartnerParams={"job_id": "job-3", "job_type": 5})
    deliver(client, encode(number_only | {"timestamp": "t", "signature": sign("t")}))
    return job


@pytest.mark.parametrize(
    ("query", "texts"),
    [
        ("", ["odd", "reused", "orphan", "missing", "wrong", "old", "mine"]),
        ("verdict=valid", ["orphan", "mine"]),
        ("verdict=wrong", ["missing", "wrong"]),
        ("verdict=missing", ["missing"]),
        ("verdict=alarm", ["reused"]),
        ("verdict=stale", ["odd", "old"]),
        ("product=document_verification", ["reused", "orphan"]),
        ("product=unknown", ["odd"]),
        ("product=nonsense", []),
        ("country=ke", ["reused", "orphan"]),
        ("id_type=PASSPORT", ["reused", "orphan"]),
        ("job=none", ["odd", "reused", "orphan"]),
        ("job=job-1", ["missing", "wrong", "old", "mine"]),
        ("job=job-9", []),
        ("again=yes", ["mine"]),
        ("again=perhaps", []),
        ("day=2001-01-01", []),
        ("day=1066-10-14", []),
        ("day=9999-12-31", []),
        ("day=tomorrow", []),
        ("q=passport", ["reused", "orphan"]),
        (f"number={NUMBER}", ["reused", "orphan"]),
        ("q=A00000001", ["reused", "orphan"]),
        ("number=A00000001", []),
        ("q=A0000000", []),
        ("q=0810&country=KE&verdict=valid", ["orphan"]),
        ("q=%00&verdict=%00", []),
        ("country=%00&id_type=%00&job=%00&day=%00&product=%00&again=%00", []),
        ("q=%", []),
    ],
)
@pytest.mark.usefixtures("all_kinds")
def test_filters_find_just_these(sign_in: SignIn, query: str, texts: list[str]) -> None:
    signed_in = sign_in("cleo")

    twin = signed_in.get(f"/callbacks.json?{query}").json

    assert [item["result_text"] for item in twin["items"]] == texts
    assert twin["count"] == len(texts)
    assert signed_in.get(f"/callbacks?{query}", follow_redirects=True).status_code == 200


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ({}, "environment_(claimed_job_id_)?id"),
        ({"day": "2026-11-24"}, "environment_id"),
        ({"verdict": "valid"}, "environment_verdict_id"),
        ({"verdict": "alarm"}, "(alarm|environment_verdict_id)"),
        ({"again": "yes"}, "again"),
        ({"job": NO_JOB}, "job_id_environment_id"),
        ({"job": str(UUID(int=7))}, "job_id_environment_id"),
        ({"job": "job-1"}, "environment_claimed_job_id_id"),
        ({"number": NUMBER}, "id_number_digest_environment_id"),
    ],
)
def test_each_list_is_read_in_its_order_by_an_index_of_just_its_rows(
    database: Database, asked: dict[str, str], index: str
) -> None:
    filters = CallbackFilter(**asked)

    def look() -> None:
        with database.reading() as session:
            page_of(Scope(session, "sandbox", utc_now()), filters)
            page_of(Scope(session, "sandbox", utc_now()), filters, marks=filters.marks)

    looks = plans_of(database, look, "callback")

    assert len(looks) == 4
    assert [look for look in looks if not re.search(rf" INDEX ix_callback_{index} \(", look)] == []


@pytest.mark.parametrize("job_id", [UUID(int=7), None])
def test_callbacks_of_the_same_job_are_read_by_an_index_of_just_its_rows(
    database: Database, job_id: UUID | None
) -> None:
    def look() -> None:
        with database.reading() as session:
            callback = Callback(id=new_id(), environment="sandbox", job_id=job_id, claimed_job_id="job-1")
            callbacks_of_same_job(session, callback)

    looks = plans_of(database, look, "callback")

    assert len(looks) == 2
    assert [look for look in looks if not re.search(r"\((.* AND )?(claimed_)?job_id=", look)] == []


def test_today_is_a_day_like_any_other(all_kinds: Job, sign_in: SignIn) -> None:
    day = utc_now().date().isoformat()

    assert sign_in("ben").get(f"/callbacks.json?day={day}").json["count"] == 7


def test_row_is_found_by_the_beginning_of_its_id(all_kinds: Job, sign_in: SignIn) -> None:
    signed_in = sign_in("ben")
    wanted = signed_in.get("/callbacks.json?verdict=missing").json["items"][0]["id"]
    beginning = wanted[:24]

    found = [item["id"] for item in signed_in.get(f"/callbacks.json?q={beginning}").json["items"]]

    assert wanted in found
    assert [each for each in found if not each.startswith(beginning)] == []  # those of the same moment begin alike


def test_list_says_product_result_job_and_place_in_words(all_kinds: Job, sign_in: SignIn) -> None:
    page = sign_in("ben").get("/callbacks").text

    for words in ("Document Verification", "approved: mine", "KE / Passport", "orphan", "2 times", "unknown"):
        assert words in page
    assert f'href="/jobs/{all_kinds.id}"' in page


def test_bar_counts_today_and_leads_to_lists_as_long(all_kinds: Job, database: Database, sign_in: SignIn) -> None:
    with database.transaction() as session:
        session.get_one(Job, all_kinds.id).callback_due_at = utc_now() - timedelta(minutes=1)
    signed_in = sign_in("cleo")

    counts = signed_in.get("/callbacks/today.json").json
    page = signed_in.get("/callbacks").text
    bar = page.partition('<nav class="today"')[2].partition("</nav>")[0]
    links = re.findall(r'href="([^"]+)"', bar)
    *lists, refused = links
    lengths = [signed_in.get(link.replace("&amp;", "&").replace("?", ".json?", 1)).json["count"] for link in lists]

    assert counts == {
        "received": 7, "wrong": 2, "duplicates": 1, "orphans": 3, "alarms": 1, "overdue": 1, "refused": 0
    }  # fmt: skip
    assert refused.startswith("/callbacks/refused?day=")
    assert lengths == [counts[name] for name in ("received", "wrong", "duplicates", "orphans", "alarms", "overdue")]


def test_bar_leaves_out_what_came_before_midnight(client: FlaskClient, database: Database, sign_in: SignIn) -> None:
    deliver(client, encode(make_payload()))
    yesterday = first_id_of(utc_now() - timedelta(days=1))
    with database.transaction() as session:
        session.connection().execute(update(Callback).values(id=yesterday))

    signed_in = sign_in("ben")

    assert "0</span> received" in signed_in.get("/callbacks").text
    assert signed_in.get("/callbacks.json").json["count"] == 1


def test_list_tells_where_smile_says_something_else(all_kinds: Job, database: Database, sign_in: SignIn) -> None:
    with database.transaction() as session:
        job = session.get_one(Job, all_kinds.id)
        settle_job(session, job, read_result({"ResultCode": "0811"}, job.job_type), ResultSource.JOB_STATUS, utc_now())
    signed_in = sign_in("ben")

    assert "but Smile says rejected" in signed_in.get("/callbacks?verdict=valid").text
    item = signed_in.get("/callbacks.json?again=yes").json["items"][0]
    assert (item["job_outcome"], item["is_contradicted"]) == ("rejected", True)


TEXTS = st.text(max_size=20) | st.sampled_from(["none", "yes", "wrong", "2026-11-24", "-1-1-1", "0" * 64, "é\0%_\\"])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=st.fixed_dictionaries({}, optional=dict.fromkeys(CallbackFilter.names(), TEXTS)))
@example(asked={"q": "\0"})
@example(asked={"day": "0001-01-01"})
def test_whatever_is_asked_is_answered(all_kinds: Job, app: Flask, asked: dict[str, str]) -> None:
    with app.app_context(), context_of(app).database.reading() as session:
        filters = CallbackFilter.from_args(asked)
        page = page_of(Scope(session, "sandbox", utc_now()), filters)
        marked = page_of(Scope(session, "sandbox", utc_now()), filters, marks=filters.marks)
        again = CallbackFilter.from_args(filters.asked)

    assert page.count == len(page.rows) <= 7
    assert [row.id for row in marked.rows] == [row.id for row in page.rows]
    assert again == filters
