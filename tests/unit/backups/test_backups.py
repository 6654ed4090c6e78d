"""A backup holds the data and the pictures of one moment, and only what is whole and ours is restored."""

import json
import shutil
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import pytest
from alembic import command
from click.testing import CliRunner
from sqlmodel import Session, col, select

from dashboard import migrations
from dashboard.audit.models import AuditEntry
from dashboard.backups import making
from dashboard.backups.archive import MANIFEST
from dashboard.cli import main
from dashboard.config import Settings
from dashboard.crypto import KeyRing
from dashboard.db import Database, utc_now
from dashboard.errors import Conflict
from dashboard.jobs.models import Image, Job, JobState, SendingStep
from dashboard.jobs.products import Product
from dashboard.jobs.submitting.media import read_image
from dashboard.jobs.submitting.submission import id_number_of, person_of
from dashboard.stored_settings import LAST_BACKUP, read_setting
from dashboard.team.models import Member
from dashboard.worker.periodic import add_rows
from tests.conftest import ENCRYPTION_KEY
from tests.factories.environment import set_environment
from tests.factories.features import REGISTERED
from tests.factories.jobs import BVN, PERSON, make_job, make_sent_job
from tests.unit.backups.conftest import Place

pytestmark = pytest.mark.both_engines


def images_of(session: Session) -> list[Image]:
    return list(session.exec(select(Image).order_by(col(Image.id))).all())


def last_line(database: Database) -> AuditEntry:
    with database.reading() as session:
        return session.exec(select(AuditEntry).order_by(col(AuditEntry.sequence).desc()).limit(1)).one()


def change_archive(path: Path, change: Callable[[str, bytes], bytes | None]) -> None:
    """Writes the zip anew with each member as `change` gives it back; None leaves it out."""
    changed = path.with_suffix(".changed")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    changed.replace(path)


def test_what_was_backed_up_is_there_after_the_restore(here: Place, job: Job, elsewhere: Place, tmp_path: Path):
    here.back_up(tmp_path / "desk.backup")

    elsewhere.restore(tmp_path / "desk.backup")

    with elsewhere.database.reading() as session:
        restored = session.get_one(Job, job.id)
        images = images_of(session)
        assert id_number_of(session, restored) == BVN
        assert person_of(session, restored)["first_name"] == PERSON["first_name"]
        assert session.exec(select(Member.email).order_by(Member.id)).all() == ["ada@example.com"]
    assert len(images) == 2
    for image in images:
        assert read_image(elsewhere.database.keyring, elsewhere.settings.media_dir, image).startswith(b"\xff\xd8")
    assert last_line(elsewhere.database).action == "backup.restored"
    assert migrations.is_current(elsewhere.database)
    assert elsewhere.problems() == []


def test_backup_says_what_is_in_it_and_is_for_its_owner_alone(here: Place, job: Job, tmp_path: Path):
    target = tmp_path / "desk.backup"

    made = here.back_up(target)

    with zipfile.ZipFile(target) as archive:
        manifest = json.loads(archive.read(MANIFEST))
    assert manifest["engine"] == here.database.engine.dialect.name
    assert manifest["revision"] == migrations.newest_revision()
    assert manifest["counts"]["job"] == 1
    assert sum(name.startswith("media/sandbox/") for name in manifest["members"]) == made.images == 2
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert made.size == target.stat().st_size
    assert [path.name for path in tmp_path.iterdir() if ".part" in path.name or path.name.startswith(".")] == []


def test_backup_leaves_a_stamp_and_a_line_in_the_trail(here: Place, tmp_path: Path):
    here.back_up(tmp_path / "desk.backup")

    line = last_line(here.database)
    assert (line.action, line.who) == ("backup.made", "command line")
    with here.database.reading() as session:
        assert read_setting(session, LAST_BACKUP)["images"] == 0


def test_backup_holds_neither_keys_nor_anything_personal_in_the_open(
    here: Place, settings: Settings, tmp_path: Path, job: Job
):
    target = tmp_path / "desk.backup"
    here.back_up(target)
    never = [
        settings.secret_key.get_secret_value(),
        settings.encryption_keys[0].get_secret_value(),
        settings.api_keys[0],
        BVN,
        PERSON["first_name"],
        "\xff\xd8\xff",
    ]

    with zipfile.ZipFile(target) as archive:
        contents = [archive.read(name) for name in archive.namelist()]

    assert [canary for canary in never for content in contents if canary.encode("latin-1") in content] == []


def test_picture_that_was_erased_meanwhile_is_named_and_no_reason_to_fail(here: Place, job: Job, tmp_path: Path):
    gone = here.pictures()[0]
    gone.unlink()

    made = here.back_up(tmp_path / "desk.backup")

    assert made.missing_images == [gone.relative_to(here.media).as_posix()]
    assert made.images == 1


def test_picture_that_cannot_be_read_is_named(here: Place, job: Job, tmp_path: Path):
    """A folder in its place stands for a file that the disk does not give."""
    unreadable = here.pictures()[0]
    unreadable.unlink()
    unreadable.mkdir()

    made = here.back_up(tmp_path / "desk.backup")

    assert made.missing_images == [unreadable.relative_to(here.media).as_posix()]
    assert made.images == 1


def test_backup_that_breaks_off_leaves_the_last_one_as_it_was(
    here: Place, job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    target = tmp_path / "desk.backup"
    target.write_bytes(b"the last one")
    monkeypatch.setattr(making, "read_in_pieces", Mock(side_effect=OSError))

    with pytest.raises(Conflict, match="could not be written"):
        here.back_up(target, may_replace=True)

    assert target.read_bytes() == b"the last one"
    assert [path.name for path in tmp_path.iterdir() if ".part" in path.name] == []


def test_restore_never_overwrites_data_unasked(here: Place, job: Job, migrated_elsewhere: Place, tmp_path: Path):
    here.back_up(tmp_path / "desk.backup")
    other = make_job(migrated_elsewhere.database, migrated_elsewhere.settings, Product.ENHANCED_KYC)

    with pytest.raises(Conflict, match="--replace"):
        migrated_elsewhere.restore(tmp_path / "desk.backup")

    with migrated_elsewhere.database.reading() as session:
        assert session.exec(select(Job.id).order_by(Job.id)).all() == [other.id]


def test_what_a_worker_writes_at_its_start_is_no_data_that_a_restore_would_overwrite(
    here: Place, job: Job, migrated_elsewhere: Place, tmp_path: Path
):
    here.back_up(tmp_path / "desk.backup")
    with migrated_elsewhere.database.transaction() as session:
        add_rows(session, [each.name for each in REGISTERED.periodic], utc_now())

    migrated_elsewhere.restore(tmp_path / "desk.backup")

    with migrated_elsewhere.database.reading() as session:
        assert session.exec(select(Job.id).order_by(Job.id)).all() == [job.id]


def test_replacing_takes_the_other_data_and_its_pictures_away(
    here: Place, job: Job, migrated_elsewhere: Place, tmp_path: Path
):
    here.back_up(tmp_path / "desk.backup")
    make_job(migrated_elsewhere.database, migrated_elsewhere.settings)

    migrated_elsewhere.restore(tmp_path / "desk.backup", replace=True)

    with migrated_elsewhere.database.reading() as session:
        assert session.exec(select(Job.id).order_by(Job.id)).all() == [job.id]
    names = [path.relative_to(migrated_elsewhere.media) for path in migrated_elsewhere.pictures()]
    assert names == [path.relative_to(here.media) for path in here.pictures()]
    assert migrated_elsewhere.problems() == []


def test_tables_that_were_only_made_count_as_empty(here: Place, job: Job, migrated_elsewhere: Place, tmp_path: Path):
    here.back_up(tmp_path / "desk.backup")

    migrated_elsewhere.restore(tmp_path / "desk.backup")

    assert migrated_elsewhere.problems() == []


@pytest.mark.parametrize("what", ["flipped bit", "picture exchanged", "member removed", "list changed", "cut off"])
def test_damaged_backup_is_refused_before_anything_is_touched(
    here: Place, job: Job, migrated_elsewhere: Place, tmp_path: Path, what: str
):
    path = tmp_path / "desk.backup"
    here.back_up(path)
    kept = make_job(migrated_elsewhere.database, migrated_elsewhere.settings, Product.ENHANCED_KYC)
    damage(path, what)

    with pytest.raises(Conflict, match="damaged"):
        migrated_elsewhere.restore(path, replace=True)

    with migrated_elsewhere.database.reading() as session:
        assert session.exec(select(Job.id).order_by(Job.id)).all() == [kept.id]


def damage(path: Path, what: str) -> None:
    if what == "cut off":
        path.write_bytes(path.read_bytes()[:-100])
    elif what == "flipped bit":
        content = bytearray(path.read_bytes())
        content[len(content) // 3] ^= 1
        path.write_bytes(content)
    elif what == "picture exchanged":
        change_archive(path, lambda name, content: content[::-1] if name.startswith("media/") else content)
    elif what == "member removed":
        change_archive(path, lambda name, content: None if name.startswith("media/") else content)
    else:
        change_archive(path, lambda name, content: content.replace(b'"job": 1', b'"job": 2'))


def test_anything_else_than_a_backup_is_refused(elsewhere: Place, tmp_path: Path):
    (tmp_path / "notes.txt").write_text("not a backup")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("notes.txt", "not a backup either")

    for name in ("notes.txt", "other.zip"):
        with pytest.raises(Conflict, match="not a backup"):
            elsewhere.restore(tmp_path / name)


def test_backup_made_with_other_keys_is_refused(here: Place, job: Job, elsewhere: Place, tmp_path: Path):
    here.back_up(tmp_path / "desk.backup")
    stranger = Place(
        Database(elsewhere.settings.database_url, KeyRing([b"another key, another key, 32 byt"])), here.settings
    )

    with pytest.raises(Conflict, match="DASHBOARD_ENCRYPTION_KEYS"):
        stranger.restore(tmp_path / "desk.backup", replace=True)

    stranger.database.dispose()


def test_backup_of_the_other_engine_is_refused_with_its_name(here: Place, job: Job, tmp_path: Path):
    path = tmp_path / "desk.backup"
    here.back_up(path)
    own, other = ("sqlite", "postgresql") if here.database.is_sqlite else ("postgresql", "sqlite")
    reseal(path, here.database.keyring, lambda text: text.replace(f'"engine": "{own}"', f'"engine": "{other}"'))

    with pytest.raises(Conflict, match=r"made on (PostgreSQL|SQLite), and DASHBOARD_DATABASE_URL names"):
        here.restore(path, replace=True)


def test_backup_of_a_newer_version_is_refused(here: Place, job: Job, tmp_path: Path):
    path = tmp_path / "desk.backup"
    here.back_up(path)
    reseal(path, here.database.keyring, lambda text: text.replace(f'"{migrations.newest_revision()}"', '"9999"'))

    with pytest.raises(Conflict, match="newer version"):
        here.restore(path, replace=True)


def test_backup_that_names_a_picture_outside_its_folder_is_refused(here: Place, job: Job, tmp_path: Path):
    path = tmp_path / "desk.backup"
    here.back_up(path)
    reseal(path, here.database.keyring, lambda text: text.replace('"media/sandbox/', '"media/../../', 1))

    with pytest.raises(Conflict, match="an invalid name"):
        here.restore(path, replace=True)


def reseal(path: Path, keyring: KeyRing, change: Callable[[str], str]) -> None:
    """As somebody with the keys, or another version of this program, would have written it."""
    import base64
    import hashlib

    from dashboard.backups.archive import SEAL, SEAL_IDENTITY

    with zipfile.ZipFile(path) as archive:
        text = change(archive.read(MANIFEST).decode()).encode()
    seal = base64.b64encode(keyring.seal(hashlib.sha256(text).digest(), SEAL_IDENTITY))
    change_archive(path, lambda name, content: {MANIFEST: text, SEAL: seal}.get(name, content))


def test_backup_of_an_older_schema_is_brought_up_to_date_when_asked(
    here: Place, elsewhere: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    if not here.database.is_sqlite:
        pytest.skip("the copy of an older schema is made by hand here, which only SQLite's file allows")
    path = tmp_path / "desk.backup"
    with monkeypatch.context() as patched:
        config = migrations._config()
        with here.database.engine.connect() as connection:
            config.attributes["connection"] = connection
            command.downgrade(config, "0002")
        patched.setattr(migrations, "newest_revision", lambda: "0002")
        patched.setattr("dashboard.backups.making._counts", lambda _: {})
        patched.setattr("dashboard.backups.making.note_backup", lambda *_: None)
        here.back_up(path)

    with pytest.raises(Conflict, match="--upgrade"):
        elsewhere.restore(path)
    elsewhere.restore(path, may_upgrade=True)

    assert migrations.is_current(elsewhere.database)
    assert elsewhere.problems() == []


def test_job_that_was_queued_then_has_smile_asked_before_it_is_sent(
    here: Place, elsewhere: Place, settings: Settings, database: Database, tmp_path: Path
):
    queued = make_job(database, settings)
    at_once = make_job(database, settings, Product.ENHANCED_KYC)
    sent = make_sent_job(database, settings)
    here.back_up(tmp_path / "desk.backup")

    elsewhere.restore(tmp_path / "desk.backup")

    with elsewhere.database.reading() as session:
        steps = {job.id: (job.state, job.step) for job in session.exec(select(Job).order_by(Job.id)).all()}
    assert steps == {
        queued.id: (JobState.QUEUED, SendingStep.PREPARING),
        at_once.id: (JobState.QUEUED, SendingStep.SENDING),
        sent.id: (JobState.WAITING, SendingStep.SENT),
    }


def test_picture_whose_row_was_erased_again_does_not_come_back(
    here: Place, job: Job, elsewhere: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    here.back_up(tmp_path / "desk.backup")
    erased = here.pictures()[0]

    def erase_again(session: Session, *_: object) -> None:
        (image,) = [image for image in images_of(session) if image.media_path.endswith(erased.name)]
        session.delete(image)

    monkeypatch.setattr("dashboard.backups.restoring._make_ready", erase_again)
    elsewhere.restore(tmp_path / "desk.backup")

    assert len(elsewhere.pictures()) == 1
    assert erased.name not in [path.name for path in elsewhere.pictures()]
    assert elsewhere.problems() == []


def test_database_in_use_is_not_replaced(
    here: Place, job: Job, migrated_elsewhere: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("dashboard.backups.postgres_copy.SECONDS_FOR_LOCKS", 1)
    here.back_up(tmp_path / "desk.backup")
    running = migrated_elsewhere.database.sibling(migrated_elsewhere.settings.database_url)

    with running.transaction() as session:
        session.exec(select(Member).order_by(Member.id)).all()
        with pytest.raises(Conflict, match="Stop every"):
            migrated_elsewhere.restore(tmp_path / "desk.backup", replace=True)

    running.dispose()
    migrated_elsewhere.restore(tmp_path / "desk.backup", replace=True)
    assert migrated_elsewhere.problems() == []


def test_schema_that_is_not_current_is_not_backed_up(elsewhere: Place, tmp_path: Path):
    elsewhere.settings.instance_dir.mkdir(exist_ok=True)

    with pytest.raises(Conflict, match="db upgrade"):
        elsewhere.back_up(tmp_path / "desk.backup")


def test_folder_that_does_not_exist_is_said(here: Place, tmp_path: Path):
    with pytest.raises(Conflict, match="There is no folder"):
        here.back_up(tmp_path / "nowhere" / "desk.backup")


def test_nothing_is_left_of_a_restore(here: Place, job: Job, elsewhere: Place, tmp_path: Path):
    here.back_up(tmp_path / "desk.backup")

    elsewhere.restore(tmp_path / "desk.backup")

    left = [path for path in elsewhere.settings.instance_dir.rglob("*") if path.name.startswith(".")]
    assert left == []
    shutil.rmtree(elsewhere.settings.instance_dir)


def test_file_that_exists_is_replaced_only_when_forced(
    here: Place, job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    set_environment(monkeypatch, here.settings, ENCRYPTION_KEY)
    target, run = tmp_path / "desk.backup", CliRunner().invoke
    target.write_bytes(b"the only copy of something")

    refused = run(main, ["db", "backup", str(target)])
    kept = target.read_bytes()
    forced = run(main, ["db", "backup", "--force", str(target)])

    assert (refused.exit_code, kept) == (1, b"the only copy of something")
    assert refused.output == f"Error: {target} exists already. Name another file, or add --force to replace it.\n"
    assert forced.exit_code == 0, forced.output
    assert zipfile.is_zipfile(target)
