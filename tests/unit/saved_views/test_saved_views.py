"""Views of lists: saved, opened, pinned with a live count, shared, renamed, removed, and never wider than they were."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlmodel import Session, select

from dashboard.audit.models import AuditEntry
from dashboard.db import Database, utc_now
from dashboard.jobs.models import JobState, Outcome
from dashboard.saved_views.erasing import forget_views_of
from dashboard.saved_views.models import SavedView
from tests.factories.rollups import add, callback_at, job_at, link_at
from tests.factories.saved_views import save_view

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]
YESTERDAY = timedelta(days=1)


def jobs(database: Database, count: int = 1, **row: Any) -> None:
    add(database, *(job_at(utc_now() - YESTERDAY, **row) for _ in range(count)))


def pinned(page: str) -> dict[str, str]:
    """The names and counts in the navigation."""
    strip = re.search(r'<nav class="pinned-views".*?</nav>', page, re.DOTALL)
    assert strip
    found = re.findall(r"<a [^>]*>(.*?) <span class=\"pinned-count\"[^>]*>(.*?)</span>", strip[0], re.DOTALL)
    return {unescape(name): re.sub("<.*", "", count) for name, count in found}


def heads(page: str) -> list[str]:
    table = re.search(r'<table class="table list list-fixed.*?</thead>', page, re.DOTALL)
    assert table
    return re.findall(r'<th scope="col"[^>]*>(.*?)</th>', unescape(table[0]))


@pytest.mark.parametrize(
    ("list_name", "asked", "make", "match", "other"),
    [
        ("jobs", {"state": "failed", "country": "KE"}, job_at, {"state": JobState.FAILED, "country": "KE"}, {}),
        ("links", {"kind": "hosted", "stage": "revoked"}, link_at, {"revoked_at": utc_now()}, {}),
        ("callbacks", {"country": "KE", "sort": "oldest"}, callback_at, {"country": "KE"}, {"country": "NG"}),
    ],
)
def test_a_view_opens_the_list_as_it_was_and_counts_its_rows(
    sign_in: SignInAs,
    database: Database,
    list_name: str,
    asked: dict[str, str],
    make: Callable[..., Any],
    match: dict[str, Any],
    other: dict[str, Any],
):
    add(database, *(make(utc_now() - YESTERDAY, **row) for row in (match, match, other)))
    ben = sign_in("ben")

    page = ben.get(save_view(ben, list_name, "Mine", **asked), follow_redirects=True)

    assert page.request.path == f"/{list_name}"
    assert asked.items() <= page.request.args.to_dict().items()
    assert pinned(page.text) == {"Mine": "2"}
    assert len(re.findall(r'<tr id="', page.text)) == 2


def test_a_view_keeps_columns_and_their_order(sign_in: SignInAs, database: Database):
    jobs(database)
    ben = sign_in("ben")

    view = save_view(ben, columns="product,outcome,customer,duck,age")

    assert heads(ben.get(view, follow_redirects=True).text) == ["Product", "Outcome", "Customer", "Age"]
    assert heads(ben.get("/jobs").text)[0] == "Outcome"


def test_a_poll_of_a_list_brings_the_new_count_and_no_poll_more(sign_in: SignInAs, database: Database):
    jobs(database, state=JobState.WAITING)
    ben = sign_in("ben")
    save_view(ben, "jobs", "Failed", state="failed")
    page = ben.get("/links").text
    poll = unescape(re.findall(r'hx-get="([^"]*seen=[^"]*)"', page)[0])
    assert ben.get(poll, headers={"HX-Request": "true"}).status_code == 204
    assert page.count("data-poll ") == 1

    jobs(database, state=JobState.FAILED)
    answer = ben.get(poll, headers={"HX-Request": "true"})

    assert (answer.status_code, pinned(answer.text)) == (200, {"Failed": "1"})
    assert 'hx-swap-oob="morph"' in answer.text


def test_what_was_typed_is_stored_sealed_only(sign_in: SignInAs, database: Database, session: Session):
    jobs(database, customer_reference="amina-7")
    jobs(database)
    ben = sign_in("ben")

    view = save_view(ben, q="amina", outcome="")
    opened = ben.get(view)

    row = session.exec(select(SavedView)).one()
    assert "amina" not in repr(row.filters)
    assert b"amina" not in (row.typed_sealed or b"amina")
    assert "amina" not in opened.location
    assert pinned(ben.get(opened.location).text) == {"Mine": "1"}
    saved = session.exec(select(AuditEntry).where(AuditEntry.action == "view.saved")).one()
    assert saved.details == {"list": "jobs", "shared": "no", "q": "a search"}


def test_the_number_of_one_person_is_not_kept(sign_in: SignInAs, session: Session):
    ben = sign_in("ben")

    answer = ben.post("/views", query_string={"list": "jobs", "number": "a" * 64}, data={"name": "Amina"})

    assert answer.status_code == 422
    assert "number of one person cannot be kept" in answer.text
    assert session.exec(select(SavedView)).all() == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"filters": {"outcome": "bogus"}}, "Outcome: “bogus” is not among the choices."),
        ({"filters": {"duck": "7"}}, "It filters by duck, which this list no longer knows."),
        ({"list_name": "ducks"}, "Its list no longer exists."),
        ({"typed_sealed": b"damaged"}, "Its search cannot be opened"),
    ],
)
def test_a_view_that_no_longer_reads_says_so_and_shows_nothing(
    sign_in: SignInAs, database: Database, change: dict[str, Any], said: str
):
    jobs(database, customer_reference="cust-1", outcome=Outcome.APPROVED)
    ben = sign_in("ben")
    view = save_view(ben, outcome="approved")
    with database.transaction() as session:
        session.exec(select(SavedView)).one().sqlmodel_update(change)

    answer = ben.get(view, follow_redirects=True)

    assert said in unescape(answer.text)
    assert "cust-1" not in answer.text
    assert pinned(answer.text) == {"Mine": "?"}
    assert said in unescape(ben.get("/views").text)


def test_only_who_may_shares_and_everybody_sees_a_shared_view(sign_in: SignInAs, session: Session):
    private, shared = save_view(sign_in("ben")), save_view(sign_in("ben"), "jobs", "Ours", shared="yes")
    cleo = sign_in("cleo")

    assert (cleo.get(private).status_code, cleo.get(shared).status_code) == (404, 303)
    assert cleo.post(f"{shared}/name", data={"name": "Hers"}).status_code == 404
    assert cleo.post(f"{shared}/removal").status_code == 404
    assert cleo.post(f"/views/shared{shared.removeprefix('/views')}/removal").status_code == 403
    own = save_view(cleo, "jobs", "Hers", shared="yes")
    assert cleo.post(f"{own}/sharing", data={"shared": "yes"}).status_code == 403
    assert [view.is_shared for view in session.exec(select(SavedView).order_by(SavedView.id))] == [False, True, False]


def test_an_owner_removes_a_view_that_another_shares(sign_in: SignInAs, session: Session):
    shared, private = save_view(sign_in("ben"), shared="yes"), save_view(sign_in("ben"), "jobs", "Private")
    ada = sign_in("ada")

    answers = [ada.post(f"/views/shared{each.removeprefix('/views')}/removal") for each in (shared, private)]

    assert [answer.status_code for answer in answers] == [303, 404]
    assert [view.name for view in session.exec(select(SavedView))] == ["Private"]
    assert session.exec(select(AuditEntry).where(AuditEntry.action == "view.removed")).one().who == "ada@example.com"


def test_a_view_is_renamed_shared_unpinned_and_removed_with_lines_in_the_trail(sign_in: SignInAs, session: Session):
    ben = sign_in("ben")
    view = save_view(ben)

    assert ben.post(f"{view}/name", data={"name": "Rejected"}).status_code == 303
    assert pinned(ben.get("/jobs").text) == {"Rejected": "0"}
    assert ben.post(f"{view}/sharing", data={"shared": "yes"}).status_code == 303
    assert ben.post(f"{view}/sharing").status_code == 303
    assert ben.post(f"{view}/pin").status_code == 303
    assert "pinned-count" not in ben.get("/jobs").text
    assert ben.post(f"{view}/removal").status_code == 303
    assert ben.get(view).status_code == 404

    trail = session.exec(select(AuditEntry.action).order_by(AuditEntry.sequence)).all()
    assert [each for each in trail if each.startswith("view.")] == [
        *("view.saved", "view.shared", "view.unshared", "view.removed")
    ]


@pytest.mark.parametrize("name", ["", " ", "x" * 61, "a\u202eb", "Mine"])
def test_a_name_that_will_not_do_is_refused(sign_in: SignInAs, name: str):
    ben = sign_in("ben")
    view = save_view(ben)

    assert ben.post("/views", query_string={"list": "jobs"}, data={"name": name}).status_code == 422
    answer = ben.post(f"{view}/name", data={"name": f"{name} " if name != "Mine" else "Mine"})

    assert answer.status_code == (303 if name == "Mine" else 422)


def test_a_view_of_a_list_that_a_member_may_not_open_is_not_there(sign_in: SignInAs):
    audit = save_view(sign_in("ada"), "audit", shared="yes")
    ben = sign_in("ben")

    assert ben.get(audit).status_code == 404
    assert ben.get("/views.json").json == {"items": [], "next": None, "count": 0, "count_is_exact": True}
    assert ben.get("/views/new?list=audit").status_code == 404


def test_the_places_of_columns_are_kept_with_the_member(sign_in: SignInAs, database: Database):
    jobs(database)
    ben = sign_in("ben")
    usual = ["outcome", "customer", "product", "age"]

    ben.post("/account/lists/jobs/columns", data={"column": usual, "place-age": "2"})

    assert heads(ben.get("/jobs").text) == ["Outcome", "Age", "Customer", "Product"]


@pytest.mark.parametrize(
    ("typed", "is_kept"), [("Amina 7", False), ("amina-7", False), ("amina", True), ("job-1", True)]
)
def test_a_view_that_searches_for_somebody_who_is_erased_goes(
    sign_in: SignInAs, database: Database, session: Session, typed: str, is_kept: bool
):
    save_view(sign_in("ben"), q=typed)

    with database.transaction() as writing:
        forget_views_of(writing, {"amina-7", "user-12"})

    assert len(session.exec(select(SavedView)).all()) == is_kept
