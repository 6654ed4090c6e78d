"""Rotating keys: everything is sealed under the first key, beside others who write; no column is forgotten."""

import base64
from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from sqlalchemy import LargeBinary, select

from dashboard.cli import main
from dashboard.config import Settings
from dashboard.crypto import KeyRing
from dashboard.db import Database, utc_now
from dashboard.features import metadata
from dashboard.jobs.models import Image, Job
from dashboard.jobs.name_search.finding import find_by_name
from dashboard.jobs.submitting.media import read_image
from dashboard.privacy import rotation
from dashboard.privacy.finding import find_person
from dashboard.privacy.key_canaries import find_problem_with_keys
from dashboard.privacy.rotation import count_under_old_keys, rotate_keys
from dashboard.privacy.unreadable import SealedPlace
from dashboard.smile_keys import read_keys, seed_keys
from tests.conftest import ENCRYPTION_KEY
from tests.factories.damage import damage_column, damage_file
from tests.factories.environment import set_environment
from tests.factories.everything import make_everything
from tests.factories.features import REGISTERED
from tests.factories.jobs import make_job
from tests.factories.persons import AMINA, BABA
from tests.unit.privacy.traces import sealed_places_that_name

pytestmark = pytest.mark.both_engines

NEW_KEY = base64.b64encode(b"another-one-another-one-another-").decode()


@pytest.fixture
def rotated(database: Database, database_url: str) -> Iterator[Database]:
    """The same database as a process sees it whose ring begins with the new key."""
    found = Database(database_url, KeyRing.from_base64([NEW_KEY, ENCRYPTION_KEY]))
    yield found
    found.dispose()


@pytest.fixture
def only_new(database_url: str) -> Iterator[Database]:
    found = Database(database_url, KeyRing.from_base64([NEW_KEY]))
    yield found
    found.dispose()


def under_old(database: Database, settings: Settings) -> dict[str, int]:
    return {part.name: part.count for part in count_under_old_keys(database, settings, REGISTERED.sealed_columns)}


def test_every_sealed_column_is_known_to_the_rotation():
    """A column that its feature.py does not name fails here."""
    binary = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary) or column.name.endswith("_sealed")
    }

    known = {f"{column.table.__tablename__}.{column.name}" for column in REGISTERED.sealed_columns}

    assert binary - known == {"passkey.public_key"}  # known to whoever asks, and so not sealed


def test_everything_is_sealed_anew_and_opens_with_the_new_key_alone(
    database: Database, rotated: Database, only_new: Database, settings: Settings
):
    job = make_everything(database, settings).job
    before = under_old(rotated, settings)

    counts = {part.name: part.count for part in rotate_keys(rotated, settings, REGISTERED.sealed_columns)}

    assert all(before[f"{column.table.__tablename__}.{column.name}"] for column in REGISTERED.sealed_columns)
    assert before["images"] == 2
    assert counts == before
    assert sum(under_old(rotated, settings).values()) == 0
    assert sealed_places_that_name(only_new, AMINA) == sealed_places_that_name(database=rotated, person=AMINA)
    with only_new.reading() as session:
        assert [found.id for found in find_person(session, AMINA.number).named] == [job.id]
        assert read_keys(session, settings).signing.value == settings.api_keys[0]
        image = session.exec(select(Image)).scalars().first()
        assert read_image(session.info["keyring"], settings.instance_dir / "media/sandbox", image)
    with only_new.transaction() as session:
        seed_keys(session, settings, utc_now())  # known by its digest, so it is not added again
    with only_new.reading() as session:
        assert len(read_keys(session, settings).active) == 1


def test_run_that_broke_off_is_gone_on_with(
    database: Database, rotated: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rotation, "READ_AT_ONCE", 2)
    for _ in range(5):
        make_job(database, settings, asks={"id_number": BABA.number})
    parts = rotate_keys(rotated, settings, REGISTERED.sealed_columns)
    next(parts)
    parts.close()

    left = under_old(rotated, settings)
    assert (left["job.id_number_sealed"], left["job.person_sealed"], left["images"]) == (0, 5, 5)
    # The images, and the key of the search by name.
    left_over = rotate_keys(rotated, settings, REGISTERED.sealed_columns)
    assert {part.name: part.count for part in left_over if part.count} == {
        "job.person_sealed": 5,
        "name_search_key.key_sealed": 1,
        "images": 5,
    }
    assert sum(part.count for part in rotate_keys(rotated, settings, REGISTERED.sealed_columns)) == 0


def test_people_are_still_found_by_name(database: Database, rotated: Database, only_new: Database, settings: Settings):
    job = make_job(database, settings, asks={"person": AMINA.given})

    list(rotate_keys(rotated, settings, REGISTERED.sealed_columns))

    with only_new.reading() as session:
        found = find_by_name(session, "sandbox", AMINA.given["first_name"], 5).jobs
    assert [each.id for each in found] == [job.id]


def test_value_that_somebody_changes_meanwhile_is_not_overwritten(
    database: Database, rotated: Database, settings: Settings
):
    job = make_job(database, settings, asks={"id_number": BABA.number})
    [column] = [each for each in REGISTERED.sealed_columns if each.name == "id_number_sealed"]
    batches = rotation._under_old_keys(rotated, column)
    [found] = next(batches)
    with database.transaction() as session:
        row = session.get_one(Job, job.id)
        row.id_number_sealed = row.id_number_digest = None

    with rotated.transaction() as session:
        assert rotation._seal_again(session, column, found) == 0
    with rotated.reading() as session:
        assert session.get_one(Job, job.id).id_number_sealed is None


def test_command_says_what_is_left_and_when_an_old_key_can_go(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    make_everything(database, settings)
    set_environment(monkeypatch, settings, f"{NEW_KEY},{ENCRYPTION_KEY}")
    run = CliRunner().invoke

    before = run(main, ["keys", "rotate", "--check"])
    rotation_run = run(main, ["keys", "rotate"])
    after = run(main, ["keys", "rotate", "--check"])

    assert before.exit_code == 1
    assert "callback.body_sealed: 2 under an old key" in before.output
    assert (rotation_run.exit_code, after.exit_code) == (0, 0), rotation_run.output
    assert "images: 2 sealed again" in rotation_run.output
    assert "The old keys can be removed." in after.output
    assert AMINA.mark not in before.output + rotation_run.output + after.output


def test_what_cannot_be_opened_is_named_and_keeps_nothing_else_from_being_sealed_again(
    database: Database, rotated: Database, settings: Settings
):
    everything = make_everything(database, settings)
    before = under_old(rotated, settings)
    damage_column(database, "job.person_sealed", everything.job.id)
    damage_column(database, "processing_run.filters", everything.run_id)
    damage_file(settings, everything.image)
    damaged = [
        SealedPlace("job.person_sealed", everything.job.id),
        SealedPlace("processing_run.filters", everything.run_id),
        SealedPlace("image.media_path", everything.image.id),
    ]
    named: list[SealedPlace] = []

    counts = {part.name: part.count for part in rotate_keys(rotated, settings, REGISTERED.sealed_columns, named.append)}

    assert sorted(named) == sorted(damaged)
    assert sum(counts.values()) == sum(before.values()) - len(damaged)
    assert sum(under_old(rotated, settings).values()) == 0


def test_picture_without_its_file_is_named(database: Database, rotated: Database, settings: Settings):
    everything = make_everything(database, settings)
    (settings.instance_dir / "media/sandbox" / everything.image.media_path).unlink()
    named: list[SealedPlace] = []

    list(rotate_keys(rotated, settings, REGISTERED.sealed_columns, named.append))

    assert named == [SealedPlace("image.media_path", everything.image.id)]


def test_command_names_what_it_skipped_and_ends_in_exit_1(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    job = make_everything(database, settings).job
    damage_column(database, "job.id_number_sealed", job.id)
    set_environment(monkeypatch, settings, f"{NEW_KEY},{ENCRYPTION_KEY}")
    run = CliRunner().invoke

    before = run(main, ["keys", "rotate", "--check"])
    rotation_run = run(main, ["keys", "rotate"])
    after = run(main, ["keys", "rotate", "--check"])

    for result in (before, rotation_run, after):
        assert result.exit_code == 1, result.output
        assert f"job {job.id} id_number_sealed cannot be opened" in result.output
        assert "job.id_number_sealed: 1 cannot be opened" in result.output
        assert AMINA.mark not in result.output
    assert "job.id_number_sealed: 1 under an old key" in before.output
    assert "job.id_number_sealed: 1 sealed again" in rotation_run.output
    assert "The old keys can be removed." in after.output
    set_environment(monkeypatch, settings, NEW_KEY)
    assert "cannot be opened" in run(main, ["db", "check", "--all"]).output
    only_new = Database(settings.database_url, KeyRing.from_base64([NEW_KEY]))
    assert find_problem_with_keys(only_new, settings, REGISTERED.sealed_columns) == ""
    only_new.dispose()


def test_keys_of_other_data_rotate_nothing(database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch):
    make_everything(database, settings)
    set_environment(monkeypatch, settings, NEW_KEY)

    result = CliRunner().invoke(main, ["keys", "rotate"])

    assert result.exit_code == 1
    assert "contains the keys of other data" in result.output
    assert result.output.count("\n") == 1
