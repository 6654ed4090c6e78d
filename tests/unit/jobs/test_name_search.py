"""People are found by whole parts of their names, through an index that holds no name and goes with the person."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlmodel import delete, select

from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.health_checks import CheckContext, State
from dashboard.jobs import tasks
from dashboard.jobs.erasing import erase_given
from dashboard.jobs.models import Job
from dashboard.jobs.name_search import finding
from dashboard.jobs.name_search.filling import AFTER, check_name_search, tend_index
from dashboard.jobs.name_search.finding import find_by_name
from dashboard.jobs.name_search.models import NamePart, NameSearchKey
from dashboard.jobs.name_search.parts import MOST_PARTS, parts_of_person, read_key
from dashboard.jobs.name_search.switch import turn_switch
from tests.factories.jobs import make_job
from tests.factories.plans import plans_of

pytestmark = pytest.mark.both_engines

Make = Callable[..., Job]
ADAEZE = {"first_name": "Adaézé", "middle_name": "Abdul-Rahman", "last_name": "O'Konkwo"}


@pytest.fixture
def make(database: Database, settings: Settings) -> Make:
    return lambda **person: make_job(database, settings, asks={"person": person})


def found(database: Database, typed: str, limit: int = 5) -> list[Job]:
    with database.reading() as session:
        return list(find_by_name(session, "sandbox", typed, limit).jobs)


def rows(database: Database) -> int:
    with database.reading() as session:
        return len(session.exec(select(NamePart)).all())


def tend(database: Database, limit: int = 2) -> None:
    """As the worker does, some time after the switch."""
    is_left, now = True, utc_now() + 2 * AFTER
    with database.transaction() as session:
        tend_index(session, limit, utc_now())  # The first look notes the time.
    while is_left:
        with database.transaction() as session:
            is_left = tend_index(session, limit, now)


def switch(database: Database, *, is_on: bool) -> None:
    with database.transaction() as session:
        turn_switch(session, is_on=is_on, now=utc_now())


@pytest.mark.parametrize(
    "typed",
    [
        *("adaeze", "ADAÉZÉ", "okonkwo", "O\u2019Konkwo, Adaeze", "Mrs Adaeze Okonkwo", "abdul rahman", "abdulrahman"),
        *("rahman", "Abdul Rahman Okonkwo"),
    ],
)
def test_a_person_is_found_by_whole_parts_of_the_name_in_any_order(database: Database, make: Make, typed: str):
    job = make(**ADAEZE)
    make(first_name="Adanna", last_name="Bello")

    assert [each.id for each in found(database, typed)] == [job.id]


@pytest.mark.parametrize(
    "typed", ["", "ada", "okonkw", "adaeze bello", "a", "mr", "0", "a b c d e f g", "adaezeokonkwo"]
)
def test_no_other_text_finds_anybody(database: Database, make: Make, typed: str):
    make(**ADAEZE)
    make(first_name="Adanna", last_name="Bello")

    assert found(database, typed) == []


def test_two_words_find_a_name_that_was_given_as_one(database: Database, make: Make):
    job = make(first_name="Abdulrahman")

    assert [each.id for each in found(database, "Abdul-Rahman")] == [job.id]


@pytest.mark.parametrize("person", [None, [], "x", {"first_name": 7}, {"first_name": None}, {"dob": "Amina"}])
def test_person_of_any_shape_has_no_parts(person: object):
    assert parts_of_person(person) == []


def test_a_long_name_has_few_parts():
    assert len(parts_of_person({"first_name": "ab cd ef gh ij kl mn op " * 9, "last_name": "zz"})) <= MOST_PARTS


def test_the_newest_come_first_and_the_rest_is_said_to_be_there(database: Database, make: Make):
    jobs = [make(first_name="Musa", last_name=f"Bello{number}") for number in range(4)]

    with database.reading() as session:
        answer = find_by_name(session, "sandbox", "musa", 3)

    assert ([job.id for job in answer.jobs], answer.is_cut) == ([job.id for job in jobs[:0:-1]], True)


def test_of_two_common_names_only_the_newest_are_looked_at(
    database: Database, make: Make, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(finding, "MOST_READ", 3)
    make(first_name="Musa", last_name="Bello")
    for _ in range(4):
        make(first_name="Musa")
        make(first_name="Ada", last_name="Bello")

    with database.reading() as session:
        answer = find_by_name(session, "sandbox", "musa bello", 3)

    assert ([*answer.jobs], answer.is_cut) == ([], True)


def test_another_environment_finds_nobody(database: Database, make: Make):
    make(**ADAEZE)

    with database.reading() as session:
        assert find_by_name(session, "production", "adaeze", 5).jobs == []


def test_a_hit_is_confirmed_by_its_row(database: Database, make: Make):
    one, other = make(first_name="Amina"), make(first_name="Baba")
    with database.transaction() as session:
        part = session.exec(select(NamePart).where(NamePart.job_id == one.id)).first()
        session.add(NamePart(environment="sandbox", digest=part.digest, job_id=other.id))

    assert [each.id for each in found(database, "amina")] == [one.id]


def test_the_index_goes_with_the_person(database: Database, make: Make):
    job, other = make(**ADAEZE), make(first_name="Adaeze")

    with database.transaction() as session:
        erase_given(session, [session.get_one(Job, job.id)], {}, utc_now())

    assert [each.id for each in found(database, "adaeze")] == [other.id]
    assert rows(database) == 1


def test_older_jobs_are_filled_and_an_erased_one_is_not(database: Database, make: Make, in_app: Flask):
    jobs = [make(first_name=f"Name{number}") for number in range(5)]
    with database.transaction() as session:
        session.exec(delete(NamePart))
        erase_given(session, [session.get_one(Job, jobs[2].id)], {}, utc_now())

    tasks.tend_name_search(utc_now())  # It only notes the time.
    assert rows(database) == 0
    tasks.tend_name_search(utc_now() + 2 * AFTER)

    assert rows(database) == 4
    assert [each.id for each in found(database, "name4")] == [jobs[4].id]


def test_filling_twice_changes_nothing(database: Database, make: Make):
    make(**ADAEZE)
    count = rows(database)

    tend(database)
    switch(database, is_on=True)
    tend(database)

    assert rows(database) == count > 0


def test_a_damaged_person_does_not_stop_the_others(database: Database, make: Make):
    damaged, job = make(first_name="Amina"), make(first_name="Baba")
    with database.transaction() as session:
        session.exec(delete(NamePart))
        session.get_one(Job, damaged.id).person_sealed = b"damaged"

    tend(database)

    assert [each.id for each in found(database, "baba")] == [job.id]


def test_switched_off_it_is_emptied_and_on_again_filled_under_another_key(database: Database, make: Make):
    job = make(**ADAEZE)
    with database.reading() as session:
        first = read_key(session)

    switch(database, is_on=False)
    assert found(database, "adaeze") == []
    make(first_name="Adaeze")
    tend(database)
    with database.reading() as session:
        assert session.exec(select(NameSearchKey)).all() == []
    assert rows(database) == 0
    switch(database, is_on=True)
    tend(database)

    with database.reading() as session:
        assert read_key(session) not in (None, first)
    assert job.id in [each.id for each in found(database, "adaeze")]
    assert len(found(database, "adaeze")) == 2


def test_without_its_key_nobody_is_found_and_jobs_are_still_made(database: Database, settings: Settings, make: Make):
    make(**ADAEZE)
    with database.transaction() as session:
        session.exec(select(NameSearchKey)).one().key_sealed = b"damaged"

    job = make(first_name="Adaeze")
    tend(database)

    assert found(database, "adaeze") == []
    assert rows(database) > 0
    assert state(database, settings) == State.WARN
    assert job.person_sealed


def test_health_says_how_far_it_is(database: Database, settings: Settings, make: Make):
    assert state(database, settings) == State.OK
    make(**ADAEZE)
    assert state(database, settings) == State.UNKNOWN
    tend(database)
    assert state(database, settings) == State.OK
    switch(database, is_on=False)
    assert state(database, settings) == State.UNSET


def state(database: Database, settings: Settings) -> State:
    with database.reading() as session:
        return check_name_search(CheckContext(settings, database, session, utc_now(), None)).state


def test_every_look_is_a_stretch_of_an_index(database: Database, make: Make):
    make(**ADAEZE)

    def look() -> None:
        assert found(database, "adaeze okonkwo")

    plans = plans_of(database, look, "name_part")
    assert plans
    assert not [plan for plan in plans if "SCAN name_part" in plan or "Seq Scan" in plan]
