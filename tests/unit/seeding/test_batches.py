"""Rows depend on the amounts, the random seed and the moment alone, in however many processes they are made."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from random import Random

import pytest

from dashboard.audit.models import FIRST_PREVIOUS_HASH
from dashboard.jobs.smile_api.catalogue import Catalogue
from dashboard.seeding import batches
from dashboard.seeding.batches import TRAIL, Batch, World, made_batches
from dashboard.seeding.company import COUNTRIES, PRODUCTS, Amounts, Company
from dashboard.seeding.customers import Customers
from dashboard.seeding.fates import warnings_for
from dashboard.seeding.moments import datetime_of, moment_of, spelled
from dashboard.seeding.people import make_number
from dashboard.smile_keys import ApiKey
from tests.conftest import make_settings

UNTIL = datetime(2026, 3, 2, 16, 30, tzinfo=UTC)
BATCHES = [Batch("links", 0, 20), Batch("jobs", 0, 60), Batch("jobs", 60, 120), Batch("sign_ins", 0, 10)]
LINES = [Batch(TRAIL, 0, 150), Batch(TRAIL, 150, 300)]


@pytest.fixture
def world(tmp_path: Path) -> World:
    amounts = Amounts(jobs=120, callbacks=120, links=20, members=6, sign_ins=10, audit_lines=300)
    settings = make_settings(tmp_path, database_url="sqlite:///never-opened.db")
    return World(amounts, 7, UNTIL, settings, "Kora Bank", ApiKey(1, "test-api-key-0001"), FIRST_PREVIOUS_HASH, b"")


def rows_of(world: World, processes: int = 1) -> list[tuple[str, tuple[object, ...]]]:
    """Every row in order, without what is sealed: that differs each time."""

    def rows() -> Iterator[tuple[str, tuple[object, ...]]]:
        for made in chain.from_iterable(made_batches(world, some, processes) for some in (BATCHES, LINES)):
            for table, packed in made.tables:
                assert not isinstance(packed, bytes)
                yield from ((table, tuple(value for value in row if not isinstance(value, bytes))) for row in packed)

    return list(rows())


def test_the_same_seed_makes_the_same_rows(world: World) -> None:
    assert rows_of(world) == rows_of(world)


def test_another_seed_makes_other_rows(world: World) -> None:
    one, other = rows_of(world), rows_of(replace(world, random_seed=8))

    assert not {row for table, row in one if table == "job"} & {row for table, row in other if table == "job"}


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_several_processes_make_the_same_rows_in_the_same_order(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "get_context", lambda _: get_context("fork"))  # New processes would import everything.

    assert rows_of(world, processes=2) == rows_of(world)


def test_jobs_are_made_in_the_order_of_time() -> None:
    company = Company(Amounts(jobs=5_000), 1, UNTIL)
    moments = [company.job(number).at for number in range(5_000)]

    assert moments == sorted(moments)
    assert datetime_of(moments[0]) < UNTIL.replace(year=2023, month=4)
    assert moments[-1] <= moment_of(UNTIL)


def test_more_is_done_in_office_hours_and_less_at_weekends() -> None:
    company = Company(Amounts(jobs=5_000), 1, UNTIL)
    times = [datetime_of(company.job(number).at) for number in range(5_000)]

    at_weekends = sum(time.weekday() > 4 for time in times)
    at_night = sum(time.hour < 6 for time in times)
    assert at_weekends < 5_000 * 0.15
    assert at_night < 5_000 * 0.05


def test_a_link_and_its_job_agree_on_each_other() -> None:
    company = Company(Amounts(jobs=1_000, links=150), 1, UNTIL)
    links = [company.link(number) for number in range(150)]

    started = [link for link in links if link.job]
    assert len(started) == 90
    assert all(link.job and link.job.link == link.number and link.at < link.job.at for link in started)
    assert sum(company.job(number).link is not None for number in range(1_000)) == 90


def test_fraudsters_share_a_number_a_phone_and_a_device_and_are_warned_about() -> None:
    company = Company(Amounts(jobs=5_000), 1, UNTIL)
    customers = Customers(company)

    ring = [brief for brief in map(company.job, range(5_000)) if brief.is_of_ring]

    of_ring = [customers.of(brief) for brief in ring]
    assert len({customer.user_id for customer in of_ring}) > 6
    assert len({(customer.id_number, customer.person.phone, customer.device) for customer in of_ring}) == 1
    assert all("number_seen_before" in warnings_for(brief, Random(1)) for brief in ring)


def test_every_number_looks_like_one_of_its_kind() -> None:
    catalogue = Catalogue()
    wrong = [
        (country, choice.id_type, number)
        for product in PRODUCTS
        for country in COUNTRIES
        for choice in catalogue.id_choices(product, country)
        if "session_id" not in choice.required
        for number in (make_number(country, choice.id_type, bits) for bits in (0, 2**128 - 1, 3**80))
        if not choice.matches(number)
    ]

    assert wrong == []


@pytest.mark.parametrize("moment", [UNTIL, datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)])
def test_a_moment_is_spelled_like_its_time(moment: datetime) -> None:
    assert datetime_of(moment_of(moment)) == moment
    assert spelled(moment_of(moment)) == moment.replace(tzinfo=None).isoformat(timespec="microseconds")
