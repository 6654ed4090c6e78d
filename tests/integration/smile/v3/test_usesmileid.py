"""Smile's own client of v3 works unchanged with the simulator: every method, every person, every error."""

import inspect
import time
from collections.abc import Callable
from typing import Any

import pytest
import usesmileid
from usesmileid import errors
from usesmileid.client import client as their_client_module

from dashboard.smile.v3.sandbox_people import SandboxPerson, sandbox_people
from tests.integration.smile.simulator import Simulator
from tests.integration.smile.v3.conftest import CALLBACK, Authority, their_client
from tests.unit.sandbox.v3.bodies import CONSENT, DETAILS, FACES, JPEG, NUMBER, PNG

Their = usesmileid.Client
CONSENTED = usesmileid.Consent.granted(
    granted_at=CONSENT["granted_at"], notice_language="EN", notice_privacy_policy_url="https://partner.example/privacy"
)
PERSON: dict[str, Any] = {"consent": CONSENTED, "user_details": usesmileid.UserDetails(**DETAILS)}
DOCUMENT: dict[str, Any] = {**PERSON, **FACES, "country": "NG", "document": JPEG}


def enrolled(client: Their) -> str:
    user_id = f"user-{time.time_ns()}"
    accepted = client.biometric.enroll(**PERSON, **FACES, user_id=user_id)
    client.verifications.wait_until_complete(accepted.job_id, interval=0.01)
    return user_id


SUBMISSIONS: dict[str, Callable[[Their, dict[str, Any]], Any]] = {
    "enhanced_kyc.verify": lambda client, person: client.enhanced_kyc.verify(**person, **NUMBER),
    "documents.verify": lambda client, person: client.documents.verify(**DOCUMENT | person, document_back=PNG),
    "documents.verify_enhanced": lambda client, person: client.documents.verify_enhanced(
        **DOCUMENT | person, id_type="PASSPORT"
    ),
    "documents.verify_residency": lambda client, person: client.documents.verify_residency(
        **DOCUMENT | person, visa=PNG
    ),
    "biometric_kyc.verify": lambda client, person: client.biometric_kyc.verify(**person, **NUMBER, **FACES),
    "biometric.enroll": lambda client, person: client.biometric.enroll(**person, **FACES),
    "biometric.authenticate": lambda client, person: client.biometric.authenticate(
        **person, **FACES, user_id=enrolled(client)
    ),
    "biometric.compare": lambda client, person: client.biometric.compare(
        **person, selfie_image=JPEG, comparison_image=JPEG, comparison_image_type="PORTRAIT"
    ),
}
#: Group of the table of persons -> a method.
METHODS = {
    "enhanced_kyc": "enhanced_kyc.verify",
    "biometric_kyc": "biometric_kyc.verify",
    "smart_selfie": "biometric.enroll",
    "document": "documents.verify",
    "enhanced_document": "documents.verify_enhanced",
    "smart_selfie_authentication": "biometric.authenticate",
}


@pytest.mark.parametrize("method", SUBMISSIONS)
def test_submission_is_accepted_and_decided(theirs: Their, method: str) -> None:
    accepted = SUBMISSIONS[method](theirs, PERSON)
    status = theirs.verifications.wait_until_complete(accepted.job_id, interval=0.01)

    assert accepted.is_accepted
    assert (status.status, status.is_complete, status.user_id) == ("clear", True, accepted.user_id)


def test_status_replay_and_fraud(theirs: Their) -> None:
    user_id = enrolled(theirs)
    job_id = theirs.biometric.authenticate(**PERSON, **FACES, user_id=user_id).job_id
    theirs.verifications.wait_until_complete(job_id, interval=0.01)

    replayed = theirs.verifications.replay(job_id, callback_url=f"{CALLBACK}/again")
    unknown = theirs.verifications.retrieve("job_01j9q2v5m8f3k7r1t4w6x0y2za")
    flagged = theirs.users.flag_fraud(user_id, reason="MULE_ACCOUNT", reported_by="ben@partner.example")
    blocked_id = theirs.biometric.authenticate(**PERSON, user_id=user_id, use_enrolled_image=True).job_id
    blocked = theirs.verifications.wait_until_complete(blocked_id, interval=0.01)
    reported = theirs.users.report_fraud(
        user_id, is_fraud=True, reason="OTHER", notes="Why.", reported_by="ben@partner.example"
    )
    cleared = theirs.users.clear_fraud(user_id, notes="A mistake.", reported_by="ben@partner.example")

    assert (replayed.status, replayed.job_id) == ("accepted", job_id)
    assert unknown.is_not_found
    assert {answer.status for answer in (flagged, reported, cleared)} == {"accepted"}
    assert blocked.status == "block"


def test_services(theirs: Their) -> None:
    banks = theirs.services.bank_codes(country="NG").bank_codes
    id_types = theirs.services.supported_id_types(country="NG").id_types
    documents = theirs.services.supported_documents(continent="AFRICA", country_code="NG", locale="en-GB")
    status = theirs.services.id_status(country="NG", id_type="BVN")

    assert banks
    assert "BVN" in {each.type for each in id_types}
    assert documents.valid_documents
    assert status.last_known_status == "online"


def test_every_method_of_theirs_is_tried() -> None:
    names = {
        name
        for _, member in inspect.getmembers(their_client_module, inspect.isclass)
        if issubclass(member, their_client_module._Resource)
        for name in vars(member)
        if not name.startswith("_")
    }
    tried = {method.partition(".")[2] for method in SUBMISSIONS} | {
        "retrieve", "wait_until_complete", "replay", "report_fraud", "flag_fraud", "clear_fraud", "bank_codes",
        "supported_id_types", "supported_documents", "id_status",
    }  # fmt: skip
    assert names == tried


@pytest.mark.parametrize("person", sandbox_people(), ids=lambda person: person.last_name)
def test_named_person_gets_the_documented_decision(theirs: Their, person: SandboxPerson) -> None:
    details = usesmileid.UserDetails(
        given_names=person.given_names or "Any Body",
        last_name=person.last_name,
        email=person.email or "somebody@example.com",
    )
    decisions = set()
    for group in person.products or ("enhanced_kyc",):
        accepted = SUBMISSIONS[METHODS[group]](theirs, PERSON | {"user_details": details})
        decisions.add(theirs.verifications.wait_until_complete(accepted.job_id, interval=0.01).status)

    assert decisions == {person.decision}


def refused(theirs: Their, simulator: Simulator, refusal: str) -> Any:
    simulator.control("POST", "v3", refusal=refusal)
    return theirs.enhanced_kyc.verify(**PERSON, **NUMBER)


def running(theirs: Their, simulator: Simulator) -> Any:
    job_id = theirs.enhanced_kyc.verify(**PERSON, **NUMBER).job_id
    return theirs.verifications.replay(job_id)


ERRORS: dict[str, tuple[type[Exception], int, Callable[[Their, Simulator], Any]]] = {
    "400": (errors.InvalidRequestError, 400, lambda theirs, _: theirs.enhanced_kyc.verify(
        **PERSON, **NUMBER | {"id_number": "1"})),
    "402": (errors.PaymentRequiredError, 402, lambda theirs, simulator: refused(theirs, simulator, "wallet")),
    "403": (errors.PermissionError, 403, lambda theirs, simulator: refused(theirs, simulator, "product")),
    "404": (errors.NotFoundError, 404, lambda theirs, _: theirs.verifications.replay(
        "job_01j9q2v5m8f3k7r1t4w6x0y2za")),
    "409": (errors.ConflictError, 409, running),
    "413": (errors.PayloadTooLargeError, 413, lambda theirs, _: theirs.documents.verify(
        **DOCUMENT | {"document": JPEG + bytes(4_600_000)})),
    "429": (errors.RateLimitError, 429, lambda theirs, simulator: refused(theirs, simulator, "rate_limit")),
    "500": (errors.APIError, 500, lambda theirs, simulator: refused(theirs, simulator, "error")),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_every_error_is_told_apart(theirs: Their, v3_simulator: Simulator, name: str) -> None:
    kind, status, call = ERRORS[name]

    with pytest.raises(kind) as caught:
        call(theirs, v3_simulator)

    assert caught.value.status_code == status  # type: ignore[attr-defined]
    assert caught.value.message  # type: ignore[attr-defined]


def test_wrong_key_and_wrong_type(v3_simulator: Simulator, authority: Authority, theirs: Their) -> None:
    stranger = their_client(v3_simulator.url, authority.ca_file, api_key="other")
    with pytest.raises(errors.AuthenticationError):
        stranger.enhanced_kyc.verify(**PERSON, **NUMBER)
    stranger._transport._client.close()
    # Its own requests are multipart always, so this answer is given by a fault.
    v3_simulator.control("POST", "faults", path="/v3/enhanced_kyc", mode="status", status=415)
    with pytest.raises(errors.InvalidRequestError) as caught:
        theirs.enhanced_kyc.verify(**PERSON, **NUMBER)
    assert caught.value.status_code == 415
