"""Canaries of keys: wrong keys are refused with the sentence that mends it, and one damaged value is no reason."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, col, select

from dashboard.cli import main
from dashboard.config import Settings
from dashboard.crypto import KeyRing
from dashboard.db import Database, utc_now
from dashboard.jobs.models import Image
from dashboard.jobs.products import Product
from dashboard.privacy.key_canaries import NAME, WRONG_KEYS, find_problem_with_keys, keep_canaries
from dashboard.privacy.rotation import finish_rotation, rotate_keys
from dashboard.stored_settings import Setting, write_setting
from tests.conftest import ENCRYPTION_KEY
from tests.factories.damage import damage_column
from tests.factories.environment import set_environment
from tests.factories.everything import make_everything
from tests.factories.features import REGISTERED
from tests.factories.jobs import make_job
from tests.factories.team import make_member
from tests.unit.privacy.flipped_bits import NEW_KEY

pytestmark = pytest.mark.both_engines

COLUMNS = REGISTERED.sealed_columns
OLD_ID, NEW_ID = (KeyRing.from_base64([key]).sealing_id.hex() for key in (ENCRYPTION_KEY, NEW_KEY))
WithKeys = Callable[..., Database]


@pytest.fixture
def with_keys(database_url: str) -> Iterator[WithKeys]:
    """The same database as a process sees it that was started with these keys."""
    made: list[Database] = []

    def open_with(*keys: str) -> Database:
        made.append(Database(database_url, KeyRing.from_base64(keys)))
        return made[-1]

    yield open_with
    for each in made:
        each.dispose()


def canaries(session: Session) -> list[str]:
    names = session.exec(select(Setting.name).where(col(Setting.name).startswith(NAME))).all()
    return sorted(name.removeprefix(NAME) for name in names)


def test_first_start_stores_the_canary_of_the_first_key(database: Database, settings: Settings, session: Session):
    assert find_problem_with_keys(database, settings, COLUMNS) == ""

    keep_canaries(database, COLUMNS, utc_now())
    keep_canaries(database, COLUMNS, utc_now())

    assert canaries(session) == [OLD_ID]
    assert find_problem_with_keys(database, settings, COLUMNS) == ""


def test_many_processes_that_start_at_once_store_one(database: Database, session: Session, with_keys: WithKeys):
    databases = [with_keys(ENCRYPTION_KEY) for _ in range(8)]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda each: keep_canaries(each, COLUMNS, utc_now()), databases))

    assert canaries(session) == [OLD_ID]


def test_missing_key_is_named_while_data_is_sealed_under_it(
    database: Database, settings: Settings, with_keys: WithKeys
):
    make_job(database, settings)
    keep_canaries(database, COLUMNS, utc_now())

    problem = find_problem_with_keys(with_keys(NEW_KEY), settings, COLUMNS)

    assert f"The encryption key {OLD_ID} is missing" in problem
    assert "Add it after the first one in DASHBOARD_ENCRYPTION_KEYS" in problem
    assert find_problem_with_keys(with_keys(NEW_KEY, ENCRYPTION_KEY), settings, COLUMNS) == ""


def test_missing_key_is_named_where_only_pictures_are_sealed_under_it(
    database: Database, settings: Settings, with_keys: WithKeys, session: Session
):
    make_job(database, settings, Product.SMARTSELFIE_REGISTRATION)
    keep_canaries(database, COLUMNS, utc_now())
    assert session.exec(select(Image.id)).all()

    problem = find_problem_with_keys(with_keys(NEW_KEY), settings, COLUMNS)

    assert f"The encryption key {OLD_ID} is missing" in problem


def test_key_that_sealed_nothing_is_not_missed(database: Database, settings: Settings, with_keys: WithKeys):
    keep_canaries(database, COLUMNS, utc_now())

    assert find_problem_with_keys(with_keys(NEW_KEY), settings, COLUMNS) == ""


def test_without_a_canary_some_values_are_tried(database: Database, settings: Settings, with_keys: WithKeys):
    """As at the first start after an upgrade."""
    make_everything(database, settings)

    assert find_problem_with_keys(with_keys(NEW_KEY), settings, COLUMNS) == WRONG_KEYS
    assert find_problem_with_keys(with_keys(NEW_KEY, ENCRYPTION_KEY), settings, COLUMNS) == ""


def test_first_start_with_several_keys_stores_the_canaries_of_those_in_use(
    database: Database, settings: Settings, with_keys: WithKeys, session: Session
):
    make_job(database, settings)

    keep_canaries(with_keys(NEW_KEY, ENCRYPTION_KEY), COLUMNS, utc_now())

    assert canaries(session) == sorted([OLD_ID, NEW_ID])


@pytest.mark.parametrize("has_canary", [True, False])
def test_damaged_value_alone_is_no_reason(database: Database, settings: Settings, has_canary: bool):
    """Also where it is the only value of its kind, or of all."""
    if has_canary:
        keep_canaries(database, COLUMNS, utc_now())
    ada = make_member(database, "ada")
    damage_column(database, "authenticator_app.secret_sealed", ada.id)

    assert find_problem_with_keys(database, settings, COLUMNS) == ""


def test_damaged_canary_is_written_again(database: Database, settings: Settings):
    make_job(database, settings)
    keep_canaries(database, COLUMNS, utc_now())
    with database.transaction() as session:
        write_setting(session, NAME + OLD_ID, "AAAA", utc_now())

    assert find_problem_with_keys(database, settings, COLUMNS) == ""
    keep_canaries(database, COLUMNS, utc_now())

    with database.reading() as session:
        assert session.get_one(Setting, NAME + OLD_ID).value != "AAAA"


def test_after_a_rotation_no_start_asks_for_the_old_key(
    database: Database, settings: Settings, with_keys: WithKeys, session: Session
):
    """Neither for what could not be opened before: no key would."""
    everything = make_everything(database, settings)
    keep_canaries(database, COLUMNS, utc_now())
    damage_column(database, "job.person_sealed", everything.job.id)
    both = with_keys(NEW_KEY, ENCRYPTION_KEY)
    keep_canaries(both, COLUMNS, utc_now())

    list(rotate_keys(both, settings, COLUMNS))
    finish_rotation(both, settings, COLUMNS)

    assert canaries(session) == [NEW_ID]
    assert find_problem_with_keys(with_keys(NEW_KEY), settings, COLUMNS) == ""


def test_half_a_rotation_keeps_the_old_canary(
    database: Database, settings: Settings, with_keys: WithKeys, session: Session
):
    make_everything(database, settings)
    keep_canaries(database, COLUMNS, utc_now())
    both = with_keys(NEW_KEY, ENCRYPTION_KEY)
    next(rotate_keys(both, settings, COLUMNS))

    finish_rotation(both, settings, COLUMNS)

    assert canaries(session) == sorted([OLD_ID, NEW_ID])
    assert OLD_ID in find_problem_with_keys(with_keys(NEW_KEY), settings, COLUMNS)


@pytest.mark.parametrize("command", ["web", "worker"])
def test_commands_refuse_to_start_with_one_line(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch, command: str
):
    make_job(database, settings)
    keep_canaries(database, COLUMNS, utc_now())
    set_environment(monkeypatch, settings, NEW_KEY)

    result = CliRunner().invoke(main, [command])

    assert result.exit_code == 1
    assert f"The encryption key {OLD_ID} is missing" in result.output
    assert "Traceback" not in result.output
    assert result.output.count("\n") == 1


def test_doctor_says_the_same(database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch):
    make_job(database, settings)
    keep_canaries(database, COLUMNS, utc_now())
    set_environment(monkeypatch, settings, NEW_KEY)

    result = CliRunner().invoke(main, ["doctor", "--offline"])

    assert result.exit_code == 1
    assert f"The encryption key {OLD_ID} is missing" in result.output


def test_health_page_says_that_the_keys_fit(app: Flask, sign_in: Callable[[str], FlaskClient]):
    assert "contains the keys of this data" in sign_in("ada").get("/settings/health").text
