"""A picture that cannot be read for a while: the job waits, says so, and is sent once it can, with the real client."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from dashboard.config import Settings
from dashboard.context import context_of
from dashboard.db import Database, utc_now
from dashboard.jobs import tasks
from dashboard.jobs.models import Job, JobState
from dashboard.jobs.problems import problem_text
from dashboard.jobs.products import Product
from dashboard.jobs.smile_api.clients import ClientFactory
from tests.factories.jobs import NO_ZIP, make_job
from tests.unit.smile.fake_smile import Answer, FakeSmile, signed

pytestmark = [pytest.mark.both_engines, pytest.mark.usefixtures("in_app")]

Trouble = Callable[[Path], None]


@pytest.fixture
def smile(app: Flask, settings: Settings) -> Iterator[FakeSmile]:
    smile = FakeSmile()
    smile.answers["POST /v1/job_status"] = Answer(signed(NO_ZIP, settings.smile_api_keys[0].get_secret_value()))
    reached = settings.model_copy(update={"smile_server": smile.url})
    replace(context_of(app), settings=reached, smile_clients=ClientFactory(reached)).install(app)
    yield smile
    smile.close()


def reload(database: Database, job: Job) -> Job:
    with database.reading() as session:
        return session.get_one(Job, job.id)


def be_no_folder(folder: Path) -> None:
    folder.write_text("no folder")


def be_empty(folder: Path) -> None:
    folder.mkdir()


def hold_folders_for_files(folder: Path) -> None:
    for path in [path for path in folder.with_name("elsewhere").rglob("*") if path.is_file()]:
        (folder / path.relative_to(folder.with_name("elsewhere"))).mkdir(parents=True)


def give_back(folder: Path) -> None:
    folder.rename(folder.with_name("what stood there"))
    folder.with_name("elsewhere").rename(folder)


@pytest.mark.parametrize("trouble", [be_no_folder, be_empty, hold_folders_for_files])
def test_job_waits_for_its_pictures(database: Database, settings: Settings, smile: FakeSmile, trouble: Trouble) -> None:
    job = make_job(database, settings, Product.BIOMETRIC_KYC)
    folder = settings.media_dir
    folder.rename(folder.with_name("elsewhere"))
    trouble(folder)

    tasks.advance(job.id)
    waiting = reload(database, job)
    give_back(folder)
    with time_machine.travel(waiting.due_at or utc_now()):
        tasks.advance(job.id)

    assert problem_text(waiting) == "The stored data of this job cannot be read: a key or an image is missing."
    assert not waiting.is_settled
    assert reload(database, job).state == JobState.WAITING
    assert [request.method for request in smile.requests].count("PUT") == 1
