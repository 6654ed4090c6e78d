"""The zip of a job: info.json and the image files, streamed with a length that is known beforehand."""

from collections.abc import Mapping, Sequence
from typing import Any

from zipstream import ZipStream

from dashboard.smile import constants
from dashboard.smile.image_files import Image, OpenImage
from dashboard.smile.transport import json_bytes


def package(
    images: Sequence[Image],
    files: Sequence[OpenImage],
    *,
    partner_id: str,
    credentials: Mapping[str, Any],
    callback_url: str,
    upload_url: str,
    partner_params: Mapping[str, Any],
    id_info: Mapping[str, Any],
) -> ZipStream:
    """Build the zip of a job while it is sent, once.

    images: all images of the job. files: those of a file type, opened.
    credentials: "signature" or "sec_key", and "timestamp". callback_url: "" where there is none.
    Returns a stream; its `len()` is the exact size in bytes. Files are stored uncompressed, since JPEG does not shrink.
    Raises InvalidRequest for a value that JSON cannot carry.

    https://docs.usesmileid.com/integration-options/rest-api/rest-api-v1/products
    """
    # The shape that the API documents for REST callers; `userData` names no person, since none was given.
    info = {
        "package_information": {
            "apiVersion": {"buildNumber": 0, "majorVersion": 2, "minorVersion": 0},
            "language": "python",
        },
        "misc_information": {
            **credentials,
            "retry": "false",
            "partner_params": partner_params,
            "file_name": constants.ZIP_FILE_NAME,
            "smile_client_id": partner_id,
            "callback_url": callback_url,
            "userData": {
                "isVerifiedProcess": False,
                **dict.fromkeys(("name", "fbUserID", "firstName", "lastName", "gender", "email", "phone"), ""),
                "countryCode": "+",
                "countryName": "",
            },
        },
        "id_info": id_info,
        "images": [
            {"image_type_id": image.type_id, "image": image.inline, "file_name": image.name} for image in images
        ],
        "server_information": upload_url,
    }
    stream = ZipStream(sized=True)
    stream.add(json_bytes(info), "info.json")
    for file in files:
        stream.add(file.pieces(), file.image.name, size=file.size)
    return stream
