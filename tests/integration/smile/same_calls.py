"""The calls that are made with both clients: name -> what the job is, and how it is called."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from tests.factories.images import make_jpeg
from tests.integration.smile.clients import BUSINESS, BVN, POLLED, Client, card, file_image, selfie
from tests.integration.smile.simulator import CALLBACK

#: Stands for the user whose photo is on file.
ENROLLED = "<enrolled>"

Job = dict[str, Any]


class Stage(NamedTuple):
    """What a call may use. `aside` reaches the simulator unseen, to prepare what is asked about."""

    client: Client
    aside: Client
    folder: Path

    def submit(
        self, job: dict[str, Any], images: list[dict[str, Any]] | None, id_info: dict[str, Any], options: dict[str, Any]
    ) -> None:
        self.client.web_api.submit_job(job, images, id_info, options)

    @property
    def selfies(self) -> list[dict[str, Any]]:
        return [selfie(self.folder), file_image(self.folder, 4, "live_1.jpg"), file_image(self.folder, 4, "live_2.png")]

    @property
    def document(self) -> list[dict[str, Any]]:
        return [*self.selfies, card(self.folder), file_image(self.folder, 5, "back.jpg")]

    @property
    def inline(self) -> list[dict[str, Any]]:
        return [{"image_type_id": kind, "image": base64.b64encode(make_jpeg(kind)).decode()} for kind in (2, 3, 6, 7)]


QUIET = {**POLLED, "return_job_status": False}
WITH_ENROLLED = {**QUIET, "use_enrolled_image": True}
SOME = {"return_job_status": True}

CALLS: dict[str, tuple[Job, Callable[[Stage, Job], object]]] = {
    "polled: biometric kyc with a number": (
        {"job_type": 1, "sandbox_result": "1", "branch": "Ikeja", "nested": {"list": [1, 2.5, None]}},
        lambda stage, job: stage.submit(job, stage.selfies, dict(BVN), POLLED),
    ),
    "polled: biometric kyc with a card": (
        {"job_type": 1},
        lambda stage, job: stage.submit(job, stage.document, {}, POLLED),
    ),
    "authentication": (
        {"job_type": 2, "user_id": ENROLLED},
        lambda stage, job: stage.submit(job, stage.selfies, {}, QUIET),
    ),
    "registration": ({"job_type": 4}, lambda stage, job: stage.submit(job, stage.selfies, {}, QUIET)),
    "document": (
        {"job_type": 6},
        lambda stage, job: stage.submit(job, stage.document, {"country": "GH"}, QUIET),
    ),
    "document with the enrolled photo": (
        {"job_type": 6, "user_id": ENROLLED},
        lambda stage, job: stage.submit(job, [card(stage.folder)], {"country": "GH"}, WITH_ENROLLED),
    ),
    "update photo": (
        {"job_type": 8, "user_id": ENROLLED},
        lambda stage, job: stage.submit(job, stage.selfies, {}, QUIET),
    ),
    "compare user info": ({"job_type": 9}, lambda stage, job: stage.submit(job, stage.document, {}, QUIET)),
    "enhanced document": (
        {"job_type": 11},
        lambda stage, job: stage.submit(job, stage.document, {"country": "GH", "id_type": "PASSPORT"}, QUIET),
    ),
    "inline images": (
        {"job_type": 6},
        lambda stage, job: stage.submit(job, stage.inline, {"country": "GH"}, QUIET),
    ),
    "equal base names": (
        {"job_type": 4},
        lambda stage, job: stage.submit(
            job, [selfie(stage.folder), file_image(stage.folder / "more", 4, "selfie.jpg")], {}, QUIET
        ),
    ),
    "file without an ending": (
        {"job_type": 4},
        lambda stage, job: stage.submit(job, [file_image(stage.folder, 0, "selfie")], {}, QUIET),
    ),
    "callback of its own": (
        {"job_type": 4},
        lambda stage, job: stage.submit(
            job, [selfie(stage.folder)], {}, {**QUIET, "optional_callback": f"{CALLBACK}/own"}
        ),
    ),
    "enhanced kyc through WebApi": (
        {"job_type": 5},
        lambda stage, job: stage.submit(job, None, {**BVN, "first_name": "Amina", "dob": "1992-03-14"}, {}),
    ),
    "enhanced kyc through IDApi": (
        {"job_type": 5, "branch": "Ikeja"},
        lambda stage, job: stage.client.id_api.submit_job(job, dict(BVN)),
    ),
    "business verification through WebApi": (
        {"job_type": 7},
        lambda stage, job: stage.submit(job, None, dict(BUSINESS), {}),
    ),
    "business verification through IDApi": (
        {"job_type": 7},
        lambda stage, job: stage.client.id_api.submit_job(job, dict(BUSINESS)),
    ),
    "lookup with a detail left out": (
        {"job_type": 5},
        lambda stage, job: stage.client.id_api.submit_job(
            job, {"country": "NG", "id_type": "NIN", "id_number": "00000000000", "middle_name": None}
        ),
    ),
    "lookup whose id_info names partner fields": (
        {"job_type": 5},
        lambda stage, job: stage.client.id_api.submit_job(
            job,
            {
                "country": "NG", "id_type": "NIN", "id_number": "00000000000",
                "callback_url": "https://elsewhere.example",
            },
        ),
    ),
    "job status": (
        {"job_type": 5},
        lambda stage, job: stage.client.job_status(_known(stage, job), POLLED),
    ),
    "job status without options": (
        {"job_type": 5},
        lambda stage, job: stage.client.job_status(_known(stage, job), None),
    ),
    "job status with few options": (
        {"job_type": 5},
        lambda stage, job: stage.client.job_status(_known(stage, job), SOME),
    ),
    "web token": (
        {},
        lambda stage, job: stage.client.web_token(job["user_id"], job["job_id"], "biometric_kyc"),
    ),
}  # fmt: skip


def _known(stage: Stage, job: Job) -> Job:
    stage.aside.id_api.submit_job(job, BVN)
    return job
