"""Every difference between what Smile's own client and ours send for the same call, each with its reason."""

from typing import Any, NamedTuple

from tests.integration.smile.simulator import CALLBACK

ABSENT = "<absent>"
ANYTHING = "<anything>"


class Difference(NamedTuple):
    """call, path: patterns of `fnmatch`. Each row has to occur, or the table is no longer true."""

    call: str
    path: str
    theirs: Any
    ours: Any
    why: str


PLACEHOLDERS = ("first_name", "middle_name", "last_name", "country", "id_type", "id_number", "dob", "phone_number")

DIFFERENCES = [
    # --- every request ------------------------------------------------------------------------------------
    Difference(
        "*", "*/timestamp", "0000-00-00T00:00:00.000000+00:00", "0000-00-00T00:00:00.000000Z",
        "Both are UTC to the microsecond; ours names the zone as the documented examples do.",
    ),
    Difference(
        "*", "*/source_sdk", "Python", "rest_api",
        "Ours is not Smile's Python package; rest_api is the documented name for everybody else.",
    ),
    Difference(
        "*", "*/source_sdk_version", "3.0.1", "1.0.0",
        "The version belongs to the other name; any is accepted.",
    ),
    # --- one fresh signature for each request --------------------------------------------------------------
    Difference(
        "*", "zip/info.json/misc_information/signature", "<signature 1>", "<signature 2>",
        "Theirs signs once when the client is made and repeats that for good; ours signs each message afresh.",
    ),
    Difference(
        "polled: *", "job_status/signature", "<signature 1>", "<signature 3>",
        "As before: while a status is waited for, every question has a signature of its own.",
    ),
    # --- the zip -------------------------------------------------------------------------------------------
    Difference(
        "*", "zip/files/*/compression", "deflated", "stored",
        "JPEG does not shrink; storing it lets ours stream with a length known beforehand.",
    ),
    Difference(
        "*", "zip/info.json/id_info/entered", True, "true",
        "The documented info.json has the text, as Smile's JavaScript client sends it.",
    ),
    *(
        Difference(
            "polled: biometric kyc with a card", f"zip/info.json/id_info/{name}", None, ABSENT,
            "Theirs invents an id_info of nulls where none was given; ours says nothing.",
        )
        for name in PLACEHOLDERS
    ),
    Difference(
        "polled: biometric kyc with a card", "zip/info.json/id_info/entered", False, ABSENT,
        "Part of the invented id_info.",
    ),
    Difference(
        "polled: biometric kyc with a card", "zip/info.json/id_info", ABSENT, {},
        "Ours: the empty id_info, as given.",
    ),
    *(
        Difference(
            "inline images", f"zip/files/{position}/{field}", ANYTHING, ABSENT,
            "Theirs adds an entry `base64imgString` with the end of the text for each inline image, which has no use.",
        )
        for position in range(4)
        for field in ("name", "content", "compression")
    ),
    Difference(
        "inline images", "zip/files", ABSENT, [],
        "Ours: no file beside info.json, since none of the images is one.",
    ),
    Difference(
        "equal base names", "zip/files/1/name", "selfie.jpg", "selfie_2.jpg",
        "Theirs writes two entries of one name, of which one is lost when unpacked; ours tells them apart.",
    ),
    Difference(
        "equal base names", "zip/info.json/images/1/file_name", "selfie.jpg", "selfie_2.jpg",
        "The name of the renamed entry.",
    ),
    Difference(
        "file without an ending", "zip/info.json/images/0/image", ANYTHING, "",
        "Theirs takes a path without .jpg, .jpeg or .png for base64 and sends the path itself as an image.",
    ),
    Difference(
        "file without an ending", "zip/info.json/images/0/file_name", "", "selfie",
        "Ours goes by image_type_id, which says that it is a file.",
    ),
    # --- options that theirs ignores -----------------------------------------------------------------------
    *(
        Difference(
            "callback of its own", path, CALLBACK, f"{CALLBACK}/own",
            "`optional_callback` is accepted by theirs and ignored.",
        )
        for path in ("upload/callback_url", "zip/info.json/misc_information/callback_url")
    ),
    *(
        Difference(
            "job status with few options", f"job_status/{name}", None, False,
            "A boolean is documented; theirs sends null for an option that was left out.",
        )
        for name in ("image_links", "history")
    ),
    # --- lookups -------------------------------------------------------------------------------------------
    Difference(
        "enhanced kyc*", "id_verification/entered", True, "true",
        "One form for `entered` everywhere.",
    ),
    Difference(
        "lookup with a detail left out", "id_verification/middle_name", None, ABSENT,
        "What is None was left out, and is not sent as null.",
    ),
    Difference(
        "lookup whose id_info names partner fields", "id_verification/callback_url",
        "https://elsewhere.example", ABSENT,
        "Nothing in id_info can set a field that belongs to the partner; theirs merges it last.",
    ),
]  # fmt: skip
