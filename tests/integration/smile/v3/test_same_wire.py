"""The same calls by Smile's own client and by ours put the same on the wire, but for the listed differences."""

from collections.abc import Callable
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import usesmileid

from dashboard.smile.v3 import Client
from tests.integration.smile.v3.conftest import CALLBACK, Authority, our_client, their_client
from tests.unit.sandbox.v3.bodies import DETAILS, FACES, JPEG, NUMBER, PNG
from tests.unit.smile.fake_smile import Answer, FakeSmile, Request
from tests.unit.smile.v3.bodies import parts_of_request
from tests.unit.smile.v3.conftest import token
from tests.unit.smile.v3.examples import JOB_ID, REQUESTS

ABSENT = "<absent>"
#: Headers that say something; the others belong to the two HTTP libraries.
HEADERS = (
    *("smileid-token", "smileid-partner-id", "smileid-api-key", "user-id", "smileid-source-sdk"),
    "smileid-source-sdk-version",
)
PERSON: dict[str, Any] = {
    "consent": usesmileid.Consent.granted(
        granted_at="2026-10-01T09:30:00.000Z",
        notice_language="EN",
        notice_privacy_policy_url="https://partner.example/privacy",
    ),
    "user_details": usesmileid.UserDetails(**DETAILS),
}
EXTRA: dict[str, Any] = {
    "partner_params": {"order_id": "A-17", "note": "café"},
    "metadata": [{"name": "a", "value": "b"}],
    "user_id": "user-1",
    "callback_url": f"{CALLBACK}/own",
}
DOCUMENT: dict[str, Any] = {**PERSON, **FACES, "country": "NG", "document": JPEG}
SAME = {"selfie_image": JPEG, "comparison_image": JPEG, "comparison_image_type": "ID_PHOTO"}


LISTS: dict[str, Any] = {"bank_codes": [], "id_types": [], "valid_documents": []}


class Pair(NamedTuple):
    theirs: Callable[[usesmileid.Client], Any]
    ours: Callable[[Client], Any]


def submitted(name: str, **changes: Any) -> Callable[[Client], Any]:
    images = {"selfie_image": JPEG, "liveness_images": [JPEG] * 6}
    given = {key: value for key, value in images.items() if getattr(REQUESTS[name], key, None) is not None}
    return lambda client: client.verifications.submit(replace(REQUESTS[name], **{**given, **changes}))


CALLS: dict[str, Pair] = {
    "enhanced kyc": Pair(lambda c: c.enhanced_kyc.verify(**PERSON, **NUMBER), submitted("enhanced_kyc")),
    "enhanced kyc, everything": Pair(
        lambda c: c.enhanced_kyc.verify(**PERSON, **NUMBER, **EXTRA, bank_code="044", operator="MTN"),
        submitted("enhanced_kyc", **EXTRA, bank_code="044", operator="MTN"),
    ),
    "biometric kyc": Pair(
        lambda c: c.biometric_kyc.verify(**PERSON, **NUMBER, **FACES, **EXTRA, sandbox_result=1220),
        submitted("biometric_kyc", **EXTRA, sandbox_result=1220),
    ),
    "document": Pair(
        lambda c: c.documents.verify(**DOCUMENT, **EXTRA, id_type="PASSPORT", document_back=JPEG),
        submitted("document_verification", **EXTRA, id_type="PASSPORT", document=JPEG, document_back=JPEG),
    ),
    "document as PNG": Pair(
        lambda c: c.documents.verify(**DOCUMENT | {"document": PNG}), submitted("document_verification", document=PNG)
    ),
    "enhanced document": Pair(
        lambda c: c.documents.verify_enhanced(**DOCUMENT, id_type="PASSPORT"),
        submitted("enhanced_document_verification", document=JPEG),
    ),
    "residency document": Pair(
        lambda c: c.documents.verify_residency(**DOCUMENT, visa=JPEG),
        submitted("residency_document_verification", document=JPEG, visa=JPEG),
    ),
    "registration": Pair(
        lambda c: c.biometric.enroll(**PERSON, **FACES, **EXTRA, allow_new_enroll=True),
        submitted("registration", **EXTRA, allow_new_enroll=True),
    ),
    "authentication": Pair(
        lambda c: c.biometric.authenticate(**PERSON, **FACES, user_id="user-1"), submitted("authentication")
    ),
    "authentication, enrolled image": Pair(
        lambda c: c.biometric.authenticate(**PERSON, user_id="user-1", use_enrolled_image=True),
        submitted("authentication", use_enrolled_image=True, selfie_image=None, liveness_images=None),
    ),
    "compare": Pair(
        lambda c: c.biometric.compare(**PERSON, **SAME, **EXTRA, allow_new_enroll=False),
        submitted("compare", **SAME, **EXTRA, allow_new_enroll=False, liveness_images=None),
    ),
    "status": Pair(lambda c: c.verifications.retrieve(JOB_ID), lambda c: c.jobs.status(JOB_ID)),
    "replay": Pair(lambda c: c.verifications.replay(JOB_ID), lambda c: c.jobs.replay(JOB_ID)),
    "replay elsewhere": Pair(
        lambda c: c.verifications.replay(JOB_ID, callback_url=CALLBACK),
        lambda c: c.jobs.replay(JOB_ID, callback_url=CALLBACK),
    ),
    "fraud": Pair(
        lambda c: c.users.flag_fraud("user/1", reason="OTHER", notes="Why.", reported_by="ben@partner.example"),
        lambda c: c.jobs.flag_fraud("user/1", reason="OTHER", notes="Why.", reported_by="ben@partner.example"),
    ),
    "no fraud": Pair(
        lambda c: c.users.clear_fraud("user-1", notes="A mistake.", reported_by="ben@partner.example"),
        lambda c: c.jobs.clear_fraud("user-1", notes="A mistake.", reported_by="ben@partner.example"),
    ),
    "banks": Pair(lambda c: c.services.bank_codes(country="NG"), lambda c: c.services.bank_codes("NG")),
    "all ID types": Pair(lambda c: c.services.supported_id_types(), lambda c: c.services.supported_id_types()),
    "documents": Pair(
        lambda c: c.services.supported_documents(continent="NORTH AMERICA", country_code="US", locale="fr-FR"),
        lambda c: c.services.supported_documents(continent="NORTH AMERICA", country_code="US", locale="fr-FR"),
    ),
    "id status": Pair(
        lambda c: c.services.id_status(country="NG", id_type="BVN"), lambda c: c.services.id_status("NG", "BVN")
    ),
}


class Difference(NamedTuple):
    """call, path: patterns of `fnmatch`. Each row has to occur, or the table is no longer true."""

    call: str
    path: str
    theirs: Any
    ours: Any
    why: str


DIFFERENCES = [
    Difference(
        "*", "*/header/smileid-source-sdk", "python", "rest_api",
        "Ours is not Smile's Python package.",
    ),
    Difference("*", "*/header/smileid-source-sdk-version", "12.1.0", "1.0.0", "The version belongs to the other name."),
    Difference(
        "*", "?/header/smileid-partner-id", ABSENT, "2",
        "Theirs sends it on documents and Biometric KYC only; the sources disagree where it is required.",
    ),
    Difference(
        "document as PNG", "1/part/document", [["document.jpg", "image/png", "<PNG>"]],
        [["document.png", "image/png", "<PNG>"]],
        "Theirs names every image that is given as bytes .jpg.",
    ),
    Difference(
        "replay", "1/type", "multipart/form-data", "",
        "Where nothing is left to say there is no body, as the specification allows for a replay.",
    ),
    Difference(
        "replay", "1/part/callback_url", [[None, "", CALLBACK]], ABSENT,
        "Theirs sends a replay to its default callback; ours leaves it to the job's own address.",
    ),
]  # fmt: skip


@pytest.fixture
def accepting(recorder: FakeSmile) -> FakeSmile:
    answer = {"status": "accepted", "job_id": JOB_ID, "user_id": "user-1", "message": "queued", **LISTS}

    def answer_to(request: Request) -> Answer:
        if request.path == "/v3/token":
            return Answer({"token": token()})
        return Answer(answer, 200 if request.method == "GET" else 202)

    recorder.answer_to = answer_to  # type: ignore[method-assign]
    return recorder


@pytest.mark.parametrize("call", CALLS)
def test_same_requests_but_for_the_listed_differences(accepting: FakeSmile, authority: Authority, call: str) -> None:
    with their_client(accepting.origin, authority.ca_file) as theirs:
        CALLS[call].theirs(theirs)
        theirs._transport._client.close()
    their_wire = flat(accepting.requests)
    accepting.requests.clear()
    ours = our_client(accepting.origin, authority.ca_file)
    CALLS[call].ours(ours)
    our_wire = flat(accepting.requests)

    found = {
        path: (their_wire.get(path, ABSENT), our_wire.get(path, ABSENT))
        for path in sorted({*their_wire, *our_wire})
        if their_wire.get(path, ABSENT) != our_wire.get(path, ABSENT)
    }
    unlisted = {
        path: pair for path, pair in found.items() if not any(listed(row, call, path, pair) for row in DIFFERENCES)
    }
    assert unlisted == {}
    SEEN.update(row.why for row in DIFFERENCES for path, pair in found.items() if listed(row, call, path, pair))


SEEN: set[str] = set()


def test_every_listed_difference_occurs(accepting: FakeSmile, authority: Authority) -> None:
    for call in ("enhanced kyc", "document as PNG", "replay"):
        accepting.requests.clear()
        test_same_requests_but_for_the_listed_differences(accepting, authority, call)

    assert {row.why for row in DIFFERENCES} == SEEN


def test_file_of_a_path_does_not_name_the_customer(accepting: FakeSmile, authority: Authority, tmp_path: Path) -> None:
    path = tmp_path / "amina-clearwater.jpg"
    path.write_bytes(JPEG)
    with their_client(accepting.origin, authority.ca_file) as theirs:
        theirs.biometric.enroll(**PERSON, **FACES | {"selfie_image": str(path)})
        theirs._transport._client.close()
    our_client(accepting.origin, authority.ca_file).verifications.submit(
        replace(REQUESTS["registration"], selfie_image=path)
    )

    names = [
        part.file_name
        for request in accepting.to("/v3/registration")
        for part in parts_of_request(request)
        if part.name == "selfie_image"
    ]
    assert names == ["amina-clearwater.jpg", "selfie.jpg"]


def listed(row: Difference, call: str, path: str, pair: tuple[Any, Any]) -> bool:
    return fnmatch(call, row.call) and fnmatch(path, row.path) and (row.theirs, row.ours) == pair


def flat(requests: list[Request]) -> dict[str, Any]:
    """ "1/part/country" -> file names, types and contents of that name in their order, ... for each request."""
    found: dict[str, Any] = {}
    for position, request in enumerate(requests):
        found[f"{position}/line"] = f"{request.method} {request.path}"
        found[f"{position}/query"] = request.query
        for name in HEADERS:
            if name in request.headers:
                value = request.headers[name]
                found[f"{position}/header/{name}"] = "<token>" if name == "smileid-token" else value
        kind = request.headers.get("content-type", "").partition(";")[0]
        found[f"{position}/type"] = kind
        if kind:
            assert request.headers["content-length"] == str(request.size)
            for part in parts_of_request(request):
                content = {JPEG: "<JPEG>", PNG: "<PNG>"}.get(part.content) or part.content.decode()
                entry = [part.file_name, part.content_type, content]
                found.setdefault(f"{position}/part/{part.name}", []).append(entry)
    return found
