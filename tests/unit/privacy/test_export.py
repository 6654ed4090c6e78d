"""Handing out all about one person: everything is in it, nothing of others, no signature, and the trail says so."""

import io
import json
import zipfile
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlmodel import Session, select
from werkzeug.test import TestResponse

from dashboard.audit.models import AuditEntry
from dashboard.config import Settings
from dashboard.crypto import CANNOT_BE_OPENED
from dashboard.db import Database
from dashboard.jobs.models import Image, Job
from tests.factories.damage import damage_column, damage_file
from tests.factories.images import make_jpeg
from tests.factories.persons import AMINA, BABA, make_known_person

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]


def test_zip_holds_everything_about_the_person_and_nobody_else(
    sign_in: SignInAs, database: Database, settings: Settings, session: Session
):
    job, callback, _ = make_known_person(database, settings)
    make_known_person(database, settings, BABA)
    ada = sign_in("ada")

    answer = ada.post("/privacy/exports", data={"identifier": AMINA.reference, "job": [str(job.id)]})

    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    assert answer.headers["Cache-Control"] == "no-store"
    assert AMINA.mark not in answer.headers["Content-Disposition"]
    package = zipfile.ZipFile(io.BytesIO(answer.data))
    assert package.testzip() is None
    contents = {name: package.read(name) for name in package.namelist()}
    told = json.loads(contents[f"jobs/{job.id}.json"])
    assert told["given"] == AMINA.given | {"id_number": AMINA.number}
    assert told["answers"][0]["answer"]["FullName"] == f"{AMINA.given['last_name']} {AMINA.given['first_name']}"
    assert [content for name, content in contents.items() if name.count("/") == 2] == [make_jpeg(1, 40, 50)]
    assert json.loads(contents[f"callbacks/{callback.id}.json"])["body"]["IDNumber"] == AMINA.number
    assert json.loads(contents["links.json"])[0]["filled_with"] == {"first_name": AMINA.given["first_name"]}
    assert json.loads(contents["links.json"])[0]["sent"][0]["email"] == AMINA.email
    assert json.loads(contents["tokens.json"])[0]["user_id"] == AMINA.user_id
    everything = b"".join(contents.values())
    assert BABA.mark.encode() not in everything
    assert b'"signature"' not in everything
    [line] = session.exec(
        select(AuditEntry).where(AuditEntry.action == "person.exported").order_by(AuditEntry.sequence)
    ).all()
    assert (line.who, line.details["images"]) == ("ada@example.com", "1")


def test_nothing_chosen_is_refused(sign_in: SignInAs):
    assert sign_in("ada").post("/privacy/exports", data={"identifier": "nobody"}).status_code == 409


def test_what_was_erased_is_left_out_without_an_error(sign_in: SignInAs, database: Database, settings: Settings):
    job, *_ = make_known_person(database, settings)
    ada = sign_in("ada")
    typed = {"identifier": AMINA.reference, "job": [str(job.id)]}
    ada.post("/privacy/erasures", data=typed | {"confirmation": AMINA.reference})

    assert ada.post("/privacy/exports", data=typed).status_code == 409


def export(client: FlaskClient, job: Job) -> TestResponse:
    return client.post("/privacy/exports", data={"identifier": AMINA.reference, "job": [str(job.id)]})


def contents_of(answer: TestResponse) -> dict[str, bytes]:
    package = zipfile.ZipFile(io.BytesIO(answer.data))
    assert package.testzip() is None
    return {name: package.read(name) for name in package.namelist()}


def test_length_is_said_and_nothing_of_the_file_stays(sign_in: SignInAs, database: Database, settings: Settings):
    job, *_ = make_known_person(database, settings)

    answer = export(sign_in("ada"), job)

    assert answer.headers["Content-Length"] == str(len(answer.data))
    answer.close()
    assert list((settings.instance_dir / "outgoing").iterdir()) == []


@pytest.mark.parametrize("is_gone", [True, False])
def test_picture_that_is_gone_or_damaged_is_named_in_the_package(
    sign_in: SignInAs, database: Database, settings: Settings, session: Session, is_gone: bool
):
    job, *_ = make_known_person(database, settings)
    image = session.exec(select(Image).where(Image.job_id == job.id)).one()
    if is_gone:
        (settings.instance_dir / "media/sandbox" / image.media_path).unlink()
    else:
        damage_file(settings, image)

    answer = export(sign_in("ada"), job)

    contents = contents_of(answer)
    assert answer.status_code == 200
    assert contents["cannot-be-opened.txt"].decode() == f"jobs/{job.id}/{image.id}\n"
    assert b"cannot-be-opened.txt lists what is held but cannot be opened" in contents["README.txt"]
    assert json.loads(contents[f"jobs/{job.id}.json"])["given"]["first_name"] == AMINA.given["first_name"]


def test_value_that_cannot_be_opened_is_named_in_the_package(sign_in: SignInAs, database: Database, settings: Settings):
    job, callback, link = make_known_person(database, settings)
    damage_column(database, "job.person_sealed", job.id)
    damage_column(database, "callback.body_sealed", callback.id)
    damage_column(database, "link.prefill_sealed", link.id)

    contents = contents_of(export(sign_in("ada"), job))

    told = json.loads(contents[f"jobs/{job.id}.json"])
    assert told["given"] == {"details": CANNOT_BE_OPENED, "id_number": AMINA.number}
    assert json.loads(contents[f"callbacks/{callback.id}.json"])["body"] == CANNOT_BE_OPENED
    assert json.loads(contents["links.json"])[0]["filled_with"] == CANNOT_BE_OPENED
    assert contents["cannot-be-opened.txt"].decode().splitlines() == [
        f"a part of jobs/{job.id}.json",
        f"a part of callbacks/{callback.id}.json",
        "a part of links.json",
    ]


def test_package_without_damage_names_none(sign_in: SignInAs, database: Database, settings: Settings):
    job, *_ = make_known_person(database, settings)

    contents = contents_of(export(sign_in("ada"), job))

    assert "cannot-be-opened.txt" not in contents
