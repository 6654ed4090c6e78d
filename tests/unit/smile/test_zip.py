"""What travels in the zip: info.json, the files, their names, and how little memory it takes."""

import base64
import io
import tracemalloc
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from werkzeug.datastructures import FileStorage

from dashboard.smile import InvalidRequest, WebApi

from .examples import CALLBACK, JPEG, job, lookup
from .fake_smile import PARTNER_ID, FakeSmile

BASE64 = base64.b64encode(JPEG).decode()


def test_info_json_has_the_documented_shape_and_no_placeholder_person(
    smile: FakeSmile, web_api: WebApi, selfie: Path
) -> None:
    consent = {"consented": {"personal_details": True}}

    web_api.submit_job(
        job(1), [{"image_type_id": 0, "image": selfie}], lookup(entered=True, consent_information=consent, dob=None)
    )

    info = smile.requests[1].info
    misc = info["misc_information"]
    assert len(misc.pop("signature")) == 44
    assert misc.pop("timestamp").endswith("Z")
    assert info == {
        "package_information": {
            "apiVersion": {"buildNumber": 0, "majorVersion": 2, "minorVersion": 0},
            "language": "python",
        },
        "misc_information": {
            "retry": "false",
            "partner_params": job(1),
            "file_name": "selfie.zip",
            "smile_client_id": PARTNER_ID,
            "callback_url": CALLBACK,
            "userData": {
                "isVerifiedProcess": False,
                "name": "",
                "fbUserID": "",
                "firstName": "",
                "lastName": "",
                "gender": "",
                "email": "",
                "phone": "",
                "countryCode": "+",
                "countryName": "",
            },
        },
        "id_info": lookup(entered="true", consent_information=consent),
        "images": [{"image_type_id": 0, "image": "", "file_name": "selfie.jpg"}],
        "server_information": smile.upload_url,
    }


@pytest.mark.parametrize(("entered", "text"), [(True, "true"), ("true", "true"), (False, "false"), ("false", "false")])
def test_entered_is_a_boolean_or_its_text_and_travels_as_text(
    smile: FakeSmile, web_api: WebApi, selfie: Path, entered: object, text: str
) -> None:
    images = [{"image_type_id": 0, "image": selfie}, {"image_type_id": 1, "image": selfie}]

    web_api.submit_job(job(1), images, lookup(entered=entered))

    assert smile.requests[1].info["id_info"]["entered"] == text


def test_liveness_frames_and_the_back_of_the_card_are_files_of_the_zip(
    smile: FakeSmile, web_api: WebApi, selfie: Path
) -> None:
    images = [{"image_type_id": type_id, "image": JPEG} for type_id in (0, 4, 4, 5)]

    web_api.submit_job(job(), images)

    put = smile.requests[1]
    assert put.zip.namelist() == ["info.json", "selfie.jpg", "liveness.jpg", "liveness_2.jpg", "id_back.jpg"]
    assert put.zip.testzip() is None
    assert [(image["image_type_id"], image["file_name"]) for image in put.info["images"]] == [
        (0, "selfie.jpg"),
        (4, "liveness.jpg"),
        (4, "liveness_2.jpg"),
        (5, "id_back.jpg"),
    ]


def test_an_image_type_may_be_text(smile: FakeSmile, web_api: WebApi, selfie: Path) -> None:
    web_api.submit_job(job(), [{"image_type_id": "0", "image": str(selfie)}])

    assert smile.requests[1].info["images"] == [{"image_type_id": 0, "image": "", "file_name": "selfie.jpg"}]
    assert smile.requests[1].zip.read("selfie.jpg") == JPEG


def test_equal_base_names_do_not_overwrite_each_other(smile: FakeSmile, web_api: WebApi, tmp_path: Path) -> None:
    images = []
    for number, name in enumerate(["a/face.jpg", "b/face.jpg", "c/FACE.jpg", "d/info.json", "e/face_2.jpg"]):
        path = tmp_path / name
        path.parent.mkdir()
        path.write_bytes(b"image %d" % number)
        images.append({"image_type_id": 4 if number else 0, "file_name": str(path)})

    web_api.submit_job(job(), images)

    put = smile.requests[1]
    names = [image["file_name"] for image in put.info["images"]]
    assert len({name.lower() for name in [*names, "info.json"]}) == 6
    assert [put.zip.read(name) for name in names] == [b"image %d" % number for number in range(5)]


def test_inline_images_travel_in_info_json_alone(smile: FakeSmile, web_api: WebApi) -> None:
    wrapped = "\n".join(BASE64[start : start + 76] for start in range(0, len(BASE64), 76))
    images = [
        {"image_type_id": 2, "image": BASE64},
        {"image_type_id": 3, "image": BASE64.encode()},
        {"image_type_id": 6, "image": "data:image/jpeg;base64," + BASE64},
        {"image_type_id": 7, "image": wrapped},
    ]

    web_api.submit_job(job(1), images)

    put = smile.requests[1]
    assert put.zip.namelist() == ["info.json"]
    assert put.info["images"] == [
        {"image_type_id": type_id, "image": BASE64, "file_name": ""} for type_id in (2, 3, 6, 7)
    ]


def test_the_type_and_not_the_file_ending_says_what_is_a_file(
    smile: FakeSmile, web_api: WebApi, tmp_path: Path
) -> None:
    path = tmp_path / "selfie"
    path.write_bytes(JPEG)

    web_api.submit_job(job(), [{"image_type_id": 0, "image": path}])

    assert smile.requests[1].zip.read("selfie") == JPEG


class Pipe(io.RawIOBase):
    """A stream that can be read once, from beginning to end."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._content.read(size)


def _half_read(content: bytes) -> BinaryIO:
    file = io.BytesIO(content)
    file.read(10)
    return file


@pytest.mark.parametrize(
    "image",
    [
        JPEG,
        bytearray(JPEG),
        io.BytesIO(JPEG),
        _half_read(JPEG),
        Pipe(JPEG),
        FileStorage(io.BytesIO(JPEG), filename="selfie.jpg", name="upload"),
        FileStorage(io.BytesIO(JPEG), filename="../../C:\\tmp\\selfie.jpg"),
    ],
    ids=["bytes", "bytearray", "open", "half read", "pipe", "uploaded", "uploaded with a hostile name"],
)
def test_a_file_may_be_handed_in_as(smile: FakeSmile, web_api: WebApi, image: object) -> None:
    web_api.submit_job(job(), [{"image_type_id": 0, "image": image}])

    assert smile.requests[1].zip.read("selfie.jpg") == JPEG


def test_a_file_that_changes_while_it_is_sent_is_named(smile: FakeSmile, web_api: WebApi) -> None:
    class Growing(io.BytesIO):
        def tell(self) -> int:
            return len(JPEG) - 1

    with pytest.raises(InvalidRequest) as caught:
        web_api.submit_job(job(), [{"image_type_id": 0, "image": Growing(JPEG)}])

    assert set(caught.value.fields) == {"images[0]"}


def test_eight_images_of_two_megabytes_stay_out_of_memory(smile: FakeSmile, web_api: WebApi, tmp_path: Path) -> None:
    images: list[dict[str, Any]] = []
    for number in range(8):
        path = tmp_path / f"liveness-{number}.jpg"
        path.write_bytes(bytes(2_000_000))
        images.append({"image_type_id": 4 if number else 0, "image": path})
    web_api.submit_job(job(), images[:1])
    tracemalloc.start()

    web_api.submit_job({**job(), "job_id": "job-2"}, images)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert smile.requests[-1].size > 16_000_000
    assert peak < 1_000_000
    assert smile.connections == 1
