"""The zip that carries a job to Smile: info.json and the image files, streamed with a length known beforehand."""

from collections.abc import Mapping, Sequence
from typing import Any

from zipstream import ZipStream

from dashboard.smile import constants
from dashboard.smile.images import Image, OpenImage
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
    """A zip that is made while it is sent, once; `len()` of it is exact.

    Its files are stored as they are, since compressing JPEG costs much and saves nothing.
    """
    # The shape that the API documents for REST callers; there is no person in `userData`, since none was given.
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
