"""What an owner sets is read back; until then there is a default, and the demo has a company of its own."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.stored_settings import Branding, read_branding, read_setting, write_branding, write_setting
from tests.conftest import make_settings

pytestmark = pytest.mark.both_engines


def test_settings_are_read_back_and_replaced(database: Database):
    with database.transaction() as session:
        write_setting(session, "pace", {"seconds": 3}, utc_now())
    with database.transaction() as session:
        write_setting(session, "pace", {"seconds": 5}, utc_now())

    with database.reading() as session:
        assert read_setting(session, "pace") == {"seconds": 5}
        assert read_setting(session, "nothing") is None


def test_of_two_who_set_the_same_for_the_first_time_the_later_one_counts(database: Database):
    rounds, barrier = 20, Barrier(2)

    def write(who: str) -> None:
        for each in range(rounds):
            barrier.wait(60)
            with database.transaction() as session:
                write_setting(session, f"pace {each}", who, utc_now())

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, ("ada", "ben")))

    with database.reading() as session:
        assert {read_setting(session, f"pace {each}") for each in range(rounds)} <= {"ada", "ben"}


def test_what_was_set_is_read_within_the_same_transaction(database: Database):
    with database.transaction() as session:
        write_setting(session, "pace", 3, utc_now())
        first = read_setting(session, "pace")
        write_setting(session, "pace", None, utc_now())

        assert (first, read_setting(session, "pace")) == (3, None)


def test_branding_is_read_back_as_it_was_written(database: Database, settings: Settings):
    kora = Branding("Kora Bank", "/logo.svg", "#0b5d4e", "https://a/", {"en": "To open an account."}, ("https://b/",))

    with database.transaction() as session:
        write_branding(session, kora, utc_now())

    with database.reading() as session:
        assert read_branding(session, settings) == kora


def test_until_it_is_set_the_demo_is_a_bank_and_others_are_nobody(
    database: Database, settings: Settings, tmp_path: Path
):
    demo = make_settings(tmp_path, is_demo=True)

    with database.reading() as session:
        assert read_branding(session, settings).company_name == "Your company"
        assert read_branding(session, demo).company_name == "Kora Bank"


def test_only_a_logo_of_our_own_is_shown_where_no_other_host_may_hear_of_the_customer():
    ours, elsewhere = Branding(logo_url="/static/logo.svg"), Branding(logo_url="https://cdn.example.com/logo.svg")

    assert (ours.own_logo, ours.logo_address("https://desk")) == ("/static/logo.svg", "https://desk/static/logo.svg")
    assert (elsewhere.own_logo, elsewhere.logo_address("https://desk")) == ("", "https://cdn.example.com/logo.svg")
    assert Branding(logo_url="//cdn.example.com/logo.svg").own_logo == ""


def test_what_is_written_is_read_in_the_same_transaction_and_after_it(database: Database):
    now = utc_now()
    with database.transaction() as session:
        write_setting(session, "level", {"at": 1}, now)
        first = read_setting(session, "level")
        write_setting(session, "level", {"at": 2}, now)
        second = read_setting(session, "level")

    with database.reading() as session:
        assert (first, second, read_setting(session, "level")) == ({"at": 1}, {"at": 2}, {"at": 2})


def test_two_that_store_a_setting_for_the_first_time_at_once_both_succeed(database: Database):
    together = Barrier(4)

    def write(number: int) -> None:
        together.wait()
        with database.transaction() as session:
            write_setting(session, f"level {number // 4}", number, utc_now())

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(40)))

    with database.reading() as session:
        assert all(read_setting(session, f"level {number}") // 4 == number for number in range(10))
