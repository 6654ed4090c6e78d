"""Start: one use, one job, one record of the consent, whoever else presses at the same moment."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlmodel import Session, select

from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.errors import Invalid, NotFound
from dashboard.jobs.models import Job, JobState, SendingStep
from dashboard.jobs.problems import ProblemKind, problem
from dashboard.jobs.products import Product
from dashboard.jobs.submitting.submission import id_number_of, person_of
from dashboard.links.customer.starting import (
    Agreement,
    AlreadyStarted,
    give_back_use,
    note_opened,
    press_start,
    resume_start,
    starts_without_token,
)
from dashboard.links.models import Link, LinkStart
from tests.factories.jobs import events_of, reload, update_job
from tests.factories.links import BROWSER, TWO_CHOICES, make_link, make_start, reload_link
from tests.unit.links.dead_codes import DEAD

pytestmark = pytest.mark.both_engines

ANOTHER_BROWSER = "1" * 64


def press(database: Database, settings: Settings, code: str, browser: str, choice: int | None = None) -> Job:
    with database.transaction() as session:
        agreement = Agreement("Ninakubali.", "sw", browser)
        return press_start(session, code, agreement, choice, settings, utc_now())[1]


def test_start_spends_a_use_and_makes_a_job_that_waits_for_the_customer(database: Database, settings: Settings):
    link, code = make_link(database, settings, customer_reference="loan 7", partner_params={"branch": "12"})

    job = press(database, settings, code, BROWSER)

    started = reload_link(database, link)
    assert (started.uses_spent, started.uses_left) == (1, 0)
    assert started.started_at is not None
    assert started.opened_at is not None
    assert (job.state, job.step, job.link_id) == (JobState.AWAITING_CUSTOMER, SendingStep.CREATED, link.id)
    assert (job.product, job.country, job.id_type) == (Product.DOCUMENT_VERIFICATION, "NG", "PASSPORT")
    assert (job.customer_reference, job.partner_params, job.created_by) == ("loan 7", {"branch": "12"}, "customer")
    assert job.callback_key_digest is not None
    assert job.due_at is None


def test_what_the_customer_agreed_to_is_recorded(database: Database, settings: Settings):
    link, code = make_link(database, settings)

    job = press(database, settings, code, BROWSER)

    with database.reading() as session:
        start = session.exec(select(LinkStart).where(LinkStart.job_id == job.id)).one()
    assert (start.link_id, start.consent_text, start.language) == (link.id, "Ninakubali.", "sw")
    assert utc_now() - start.consented_at < timedelta(minutes=1)


def test_filled_in_details_go_into_the_job_sealed(database: Database, settings: Settings):
    _, code = make_link(database, settings, prefill={"id_number": "22212345678", "first_name": "Amina"})

    job = press(database, settings, code, BROWSER)

    with database.reading() as session:
        assert id_number_of(session, job) == "22212345678"
        assert person_of(session, job) == {"first_name": "Amina"}


def test_what_the_customer_chooses_decides_the_product(database: Database, settings: Settings):
    _, code = make_link(database, settings, choices=TWO_CHOICES)

    job = press(database, settings, code, BROWSER, choice=1)

    assert (job.product, job.country, job.id_type) == (Product.BIOMETRIC_KYC, "GH", "GHANA_CARD")


@pytest.mark.parametrize("choice", [None, -1, 2])
def test_without_a_choice_nothing_is_spent(database: Database, settings: Settings, choice: int | None):
    link, code = make_link(database, settings, choices=TWO_CHOICES)

    with pytest.raises(Invalid):
        press(database, settings, code, BROWSER, choice)

    assert reload_link(database, link).uses_spent == 0


@pytest.mark.parametrize("why", DEAD)
def test_a_dead_link_starts_nothing(database: Database, settings: Settings, why: str):
    link, code = make_link(database, settings, row=DEAD[why])

    with pytest.raises(NotFound):
        press(database, settings, code, BROWSER)

    assert reload_link(database, link).uses_spent == link.uses_spent
    with database.reading() as session:
        assert session.exec(select(Job).order_by(Job.id)).all() == []


@pytest.mark.parametrize(("seconds", "is_open"), [(1, True), (0, False), (-1, False)])
def test_a_link_ends_at_its_second(database: Database, settings: Settings, seconds: int, is_open: bool):
    link, code = make_link(database, settings)
    now = link.expires_at - timedelta(seconds=seconds)

    assert link.is_open(now) is is_open
    with database.transaction() as session:
        if is_open:
            press_start(session, code, Agreement("I agree.", "en", BROWSER), None, settings, now)
        else:
            with pytest.raises(NotFound):
                press_start(session, code, Agreement("I agree.", "en", BROWSER), None, settings, now)


def all_at_once(count: int, press_one: Callable[[int], object]) -> list[object]:
    """What each of `count` threads got, or the error that it met."""
    results: list[object] = [None] * count
    barrier = Barrier(count)

    def run(number: int) -> None:
        barrier.wait()
        try:
            results[number] = press_one(number)
        except (NotFound, AlreadyStarted) as error:
            results[number] = error

    threads = [Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.parametrize(("uses", "_round"), [(1, 1), (1, 2), (3, 3)])
def test_of_two_hundred_that_start_at_once_just_as_many_win_as_there_are_uses(
    database: Database, settings: Settings, uses: int, _round: int
):
    link, code = make_link(database, settings, uses=uses)

    results = all_at_once(200, lambda number: press(database, settings, code, f"{number:064}"))

    assert sum(isinstance(result, Job) for result in results) == uses
    assert sum(isinstance(result, NotFound) for result in results) == 200 - uses
    assert reload_link(database, link).uses_spent == uses
    with database.reading() as session:
        assert len(session.exec(select(Job).order_by(Job.id)).all()) == uses


def test_a_double_click_is_one_start_even_where_uses_are_left(database: Database, settings: Settings):
    link, code = make_link(database, settings, uses=5)

    results = all_at_once(4, lambda _: press(database, settings, code, BROWSER))

    assert sum(isinstance(result, Job) for result in results) == 1
    assert sum(isinstance(result, AlreadyStarted) for result in results) == 3
    assert reload_link(database, link).uses_spent == 1


def resume(database: Database, settings: Settings, code: str, browser: str) -> Job:
    with database.transaction() as session:
        return resume_start(session, code, browser, settings, utc_now())[1]


def test_the_same_browser_goes_on_without_another_use(database: Database, settings: Settings):
    link, code = make_link(database, settings)
    job = make_start(database, settings, code)

    again = resume(database, settings, code, BROWSER)

    assert again.id == job.id
    assert reload_link(database, link).uses_spent == 1


def test_another_browser_cannot_go_on(database: Database, settings: Settings):
    _, code = make_link(database, settings)
    make_start(database, settings, code)

    with pytest.raises(NotFound):
        resume(database, settings, code, ANOTHER_BROWSER)


@pytest.mark.parametrize("why", ["expired", "paused", "revoked"])
def test_nobody_goes_on_with_a_link_that_staff_closed(database: Database, settings: Settings, why: str):
    link, code = make_link(database, settings)
    make_start(database, settings, code)
    with database.transaction() as session:
        for name, value in DEAD[why].items():
            setattr(session.get_one(Link, link.id), name, value)

    with pytest.raises(NotFound):
        resume(database, settings, code, BROWSER)


def test_what_was_submitted_is_not_started_again(database: Database, settings: Settings):
    _, code = make_link(database, settings)
    make_start(database, settings, code, state=JobState.WAITING, submitted_at=utc_now())

    with pytest.raises(NotFound):
        resume(database, settings, code, BROWSER)


def give_back(database: Database, job: Job) -> bool:
    with database.transaction() as session:
        return give_back_use(
            session, job.id, problem(ProblemKind.NO_ANSWER, said="Smile could not be reached."), utc_now()
        )


def test_a_use_without_a_token_is_given_back_once_and_staff_see_why(database: Database, settings: Settings):
    link, code = make_link(database, settings)
    job = make_start(database, settings, code, has_token=False)

    given_back = [give_back(database, job), give_back(database, job)]

    assert given_back == [True, False]
    back = reload_link(database, link)
    assert back.is_open(utc_now())
    assert (back.uses_spent, back.last_error) == (0, "Smile could not be reached.")
    assert back.last_error_at is not None
    assert reload(database, job).state == JobState.FAILED
    assert events_of(database, job) == ["started", "consented", "failed"]


def test_a_use_is_not_given_back_once_a_token_is_out(database: Database, settings: Settings):
    link, code = make_link(database, settings)
    job = make_start(database, settings, code)

    assert not give_back(database, job)

    assert reload_link(database, link).uses_spent == 1
    assert reload(database, job).state == JobState.AWAITING_CUSTOMER


def test_a_start_that_broke_off_is_found_after_a_minute(database: Database, settings: Settings):
    _, code = make_link(database, settings, uses=3)
    lost = make_start(database, settings, code, has_token=False)
    make_start(database, settings, code, "2" * 64, has_token=False)
    make_start(database, settings, code, "3" * 64, created_at=utc_now() - timedelta(minutes=2))
    update_job(database, lost, created_at=utc_now() - timedelta(seconds=61))

    with database.reading() as session:
        found = starts_without_token(session, settings.environment, utc_now(), 100)

    assert found == [lost.id]


def opened_at(session: Session, link: Link) -> object:
    return session.get_one(Link, link.id, populate_existing=True).opened_at


def test_only_the_first_opening_counts(database: Database, settings: Settings):
    link, code = make_link(database, settings)
    first, later = utc_now(), utc_now() + timedelta(minutes=1)

    for now in (first, later):
        with database.transaction() as session:
            note_opened(session, settings.environment, code, now)

    with database.reading() as session:
        assert opened_at(session, link) == first
    assert reload_link(database, link).version == link.version + 1
