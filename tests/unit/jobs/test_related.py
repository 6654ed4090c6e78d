"""Other jobs of the same person, number or phone: by digests and indexes, bounded, and none of an erased person."""

from collections.abc import Callable

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import col, select

from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.jobs.erasing import erase_given
from dashboard.jobs.models import Job
from dashboard.jobs.showing.related import MOST_SHOWN, RelatedJobs, related_jobs
from dashboard.jobs.submitting.phones import FILLED_TO, fill_digests, phone_digits, phone_of_sealed_person
from dashboard.jobs.tasks import fill_phone_digests
from dashboard.stored_settings import read_setting, write_setting
from dashboard.web.lists.fields import Scope
from dashboard.web.lists.reading import page_of
from tests.factories.jobs import make_job, reload, update_job

pytestmark = pytest.mark.both_engines

Make = Callable[..., Job]
PHONE = {"first_name": "Amina", "phone_number": "+234 801 234 5678"}


@pytest.fixture
def make(database: Database, settings: Settings) -> Make:
    return lambda **asks: make_job(database, settings, asks=asks)


def related(database: Database, job: Job) -> dict[str, RelatedJobs]:
    with database.reading() as session:
        return {same.by: same for same in related_jobs(session, session.get_one(Job, job.id))}


@pytest.mark.parametrize(
    "spelled",
    ["+234 801 234 5678", "2348012345678", "08012345678", "0801-234-5678", "00234 (0) 801 234 5678", "٠٨٠١٢٣٤٥٦٧٨"],
)
def test_spellings_of_one_phone_number_are_the_same(spelled: str):
    assert phone_digits(spelled) == "8012345678"


@pytest.mark.parametrize("nothing", ["", "n/a", "12345", "+", "0000000"])
def test_what_is_no_phone_number_is_none(nothing: str):
    assert phone_digits(nothing) == ""


@given(st.text(max_size=30))
def test_any_text_is_read_as_a_phone_number_or_not(typed: str):
    digits = phone_digits(typed)

    assert digits == "" or digits.isascii()


@pytest.mark.parametrize("opened", [b"{}", b"[]", b'{"phone_number": 7}', b'{"phone_number": null}', b'"x"'])
def test_person_of_any_shape_has_no_phone_number(opened: bytes):
    assert phone_of_sealed_person(opened) == ""


def test_jobs_of_the_same_person_number_and_phone_are_found(database: Database, make: Make):
    job = make(user_id="zed-a", id_number="22212345678", person=PHONE)
    same_user = make(user_id="zed-a", id_number="22200000001")
    same_number = make(id_number="222 1234 5678".replace(" ", ""))
    same_phone = make(id_number="22200000002", person={"phone_number": "08012345678"})
    make(id_number="22200000003")

    found = related(database, job)

    assert {by: [row.id for row in same.jobs] for by, same in found.items()} == {
        "user_id": [same_user.id],
        "number": [same_number.id],
        "phone": [same_phone.id],
    }
    with database.reading() as session:
        for same in found.values():
            listed = page_of(Scope(session, "sandbox", utc_now()), same.filter).rows
            assert {row.id for row in listed} == {job.id, *(row.id for row in same.jobs)}


def test_many_are_cut_off_and_the_filter_shows_all(database: Database, make: Make):
    jobs = [make(id_number="22212345678") for _ in range(MOST_SHOWN + 3)]

    same = related(database, jobs[0])["number"]

    assert (len(same.jobs), same.has_more) == (MOST_SHOWN, True)
    assert same.jobs[0].id == jobs[-1].id


def test_other_environments_and_erased_persons_are_left_out(database: Database, make: Make):
    job, erased, live = (make(id_number="22212345678", person=PHONE) for _ in range(3))
    update_job(database, live, environment="production")

    with database.transaction() as session:
        erase_given(session, [session.get_one(Job, erased.id)], "Asked for.", utc_now())

    assert related(database, job) == {}
    assert reload(database, erased).phone_digest is None


def test_filling_goes_on_where_it_stopped_and_once_is_enough(
    app: Flask, database: Database, make: Make, monkeypatch: pytest.MonkeyPatch
):
    jobs = [make(person=PHONE) for _ in range(5)] + [make(person={"first_name": "Amina"})]
    for job in jobs:
        update_job(database, job, phone_digest=None)
    damaged = make(person=PHONE)
    update_job(database, damaged, phone_digest=None, person_sealed=b"damaged")
    monkeypatch.setattr("dashboard.jobs.submitting.phones.BATCH", 2)

    with database.transaction() as session:
        assert fill_digests(session, utc_now())
    with app.app_context():
        fill_phone_digests(utc_now())

    with database.reading() as session:
        filled = session.exec(select(Job.id).where(col(Job.phone_digest).is_not(None)).order_by(Job.id)).all()
        assert read_setting(session, FILLED_TO) == "all"
    assert set(filled) == {job.id for job in jobs[:5]}
    update_job(database, jobs[0], phone_digest=None)
    with app.app_context():
        fill_phone_digests(utc_now())
    assert reload(database, jobs[0]).phone_digest is None


def test_place_of_filling_can_be_set_back(database: Database, make: Make):
    job = make(person=PHONE)
    update_job(database, job, phone_digest=None)
    with database.transaction() as session:
        write_setting(session, FILLED_TO, str(job.id), utc_now())
        assert not fill_digests(session, utc_now())

    assert reload(database, job).phone_digest is None
