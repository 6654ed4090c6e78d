"""What is wrong with a zip becomes the result of its job."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from dashboard.sandbox.state import of
from dashboard.sandbox.world.store import Job
from dashboard.sandbox.world.zips import ZipRejected, open_submission
from tests.unit.sandbox import calls
from tests.unit.sandbox.calls import JPEG, PNG, inline, make_zip

CORRUPT = ("0903", "Zip Corrupt")
INVALID = ("0001", "Data Invalid")
SELFIE = ("0001", "Selfie image unusable")
CARD = ("0001", "ID Card image unusable")
ENTERED = {"entered": True, "country": "NG", "id_type": "BVN", "id_number": "00000000000"}


def job(job_type: int = 4, **changes: Any) -> Job:
    values = {
        "job_id": "job-1",
        "user_id": "user-1",
        "job_type": job_type,
        "product": "any",
        "partner_params": {},
        "smile_job_id": "0000000001",
        "base_url": "http://127.0.0.1",
    }
    return Job(**(values | changes))


def verdict(app: Flask, data: bytes, job_type: int = 4) -> tuple[str, str]:
    with pytest.raises(ZipRejected) as rejected:
        open_submission(data, job(job_type), of(app).settings)
    return rejected.value.code, rejected.value.text


def zip_of(entries: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def test_good_zip_is_opened(app: Flask) -> None:
    images = [inline(2), inline(3, PNG), inline(7), inline(6)]

    submission = open_submission(make_zip(images, {}, {"country": "NG"}), job(6), of(app).settings)

    assert submission.selfie == JPEG
    assert submission.id_card_image == PNG
    assert submission.id_card_back == JPEG
    assert submission.id_info == {"country": "NG"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no zip",
        make_zip()[:-30],
        zip_of({"selfie.jpg": JPEG}),
        make_zip(files={}),
        make_zip([{"image_type_id": 0, "file_name": "../selfie.jpg"}], {"../selfie.jpg": JPEG}),
        make_zip(files={f"{number}.jpg": JPEG for number in range(70)}),
    ],
    ids=["empty", "text", "cut", "no info.json", "file missing", "path in a name", "too many entries"],
)
def test_unreadable_or_incomplete_zip_is_corrupt(app: Flask, data: bytes) -> None:
    assert verdict(app, data) == CORRUPT


def test_damaged_entry_is_corrupt(app: Flask) -> None:
    data = bytearray(zip_of({"info.json": json.dumps({"images": [inline(2)]}).encode() * 1}))
    data[60] ^= 0xFF

    assert verdict(app, bytes(data)) == CORRUPT


def test_bomb_is_stopped_at_the_limit(build: Callable[..., Flask]) -> None:
    app = build(max_image_bytes=100_000)
    bomb = make_zip(files={"selfie.jpg": JPEG + b"\x00" * 5_000_000})

    assert len(bomb) < 20_000
    assert verdict(app, bomb) == CORRUPT


def test_sum_of_all_entries_is_limited(build: Callable[..., Flask]) -> None:
    app = build(max_unzipped_bytes=100_000)
    files = {f"{number}.jpg": JPEG + b"\x00" * 30_000 for number in range(5)}

    assert verdict(app, make_zip(files=files)) == CORRUPT


@pytest.mark.parametrize(
    "data",
    [
        make_zip(info="{"),
        make_zip(info="[]"),
        make_zip(info={"images": []}),
        make_zip(info={"images": "x"}),
        make_zip(info={"images": [1]}),
        make_zip(info={"images": [inline(2)], "id_info": "x"}),
        make_zip([inline(9)]),
        make_zip([{**inline(2), "image_type_id": True}]),
        make_zip([{"image_type_id": 2, "image": "", "file_name": ""}]),
        make_zip([{"image_type_id": 0, "image": "AAAA", "file_name": "selfie.jpg"}]),
        make_zip([{"image_type_id": 2, "image": "", "file_name": "selfie.jpg"}]),
        make_zip([inline(0)]),
        make_zip(info={"images": [inline(2)], "misc_information": {"partner_params": {"job_id": "other"}}}),
        make_zip(info={"images": [inline(2)], "misc_information": {"partner_params": {"job_type": 1}}}),
    ],
)
def test_info_json_that_says_nonsense_is_invalid(app: Flask, data: bytes) -> None:
    assert verdict(app, data) == INVALID


@pytest.mark.parametrize(
    ("images", "files"),
    [
        ([{"image_type_id": 2, "image": "not base64!"}], {}),
        ([inline(2, b"GIF89a")], {}),
        ([{"image_type_id": 0, "file_name": "selfie.jpg"}], {"selfie.jpg": b"text"}),
        ([inline(6)], {}),
    ],
    ids=["not base64", "gif inline", "text file", "no selfie"],
)
def test_selfie_that_is_no_picture_is_unusable(
    app: Flask, images: list[dict[str, Any]], files: dict[str, bytes]
) -> None:
    assert verdict(app, make_zip(images, files)) == SELFIE


@pytest.mark.parametrize(
    ("job_type", "images", "id_info"),
    [
        (6, [inline(2)], {"country": "NG"}),
        (11, [inline(2)], {"country": "NG", "id_type": "PASSPORT"}),
        (1, [inline(2)], {}),
        (6, [inline(2), inline(3, b"text")], {"country": "NG"}),
    ],
)
def test_missing_or_bad_card_is_unusable(
    app: Flask, job_type: int, images: list[dict[str, Any]], id_info: dict[str, Any]
) -> None:
    assert verdict(app, make_zip(images, {}, id_info), job_type) == CARD


@pytest.mark.parametrize(
    ("job_type", "id_info"),
    [(6, {}), (11, {"country": "NG"}), (1, {"entered": "true", "country": "NG", "id_type": "BVN"})],
)
def test_incomplete_id_info_is_invalid(app: Flask, job_type: int, id_info: dict[str, Any]) -> None:
    assert verdict(app, make_zip([inline(2), inline(3)], {}, id_info), job_type) == INVALID


@pytest.mark.parametrize("entered", [True, "true"])
def test_entered_number_replaces_the_card_of_biometric_kyc(app: Flask, entered: object) -> None:
    data = make_zip([inline(2)], {}, {**ENTERED, "entered": entered})

    assert open_submission(data, job(1), of(app).settings).selfie == JPEG


def test_enrolled_image_replaces_the_selfie_of_a_document(app: Flask) -> None:
    data = make_zip([inline(3)], {}, {"country": "NG"})

    submission = open_submission(data, job(6, use_enrolled_image=True), of(app).settings)

    assert submission.selfie is None


def test_junk_entries_of_smiles_python_library_are_tolerated(app: Flask) -> None:
    data = make_zip([inline(2)], {"base64imgString": b"tail"})

    assert open_submission(data, job(), of(app).settings).selfie == JPEG


def test_corrupt_zip_ends_its_job(submit: Callable[..., dict[str, Any]]) -> None:
    status = submit(calls.params(), b"no zip")

    assert (status["job_complete"], status["job_success"]) == (True, False)
    assert (status["result"]["ResultCode"], status["result"]["ResultText"]) == CORRUPT
