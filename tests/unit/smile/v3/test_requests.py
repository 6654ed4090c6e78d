"""What the client of v3 puts on the wire, and what it refuses before anything leaves."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.smile import InvalidRequest
from dashboard.smile.v3 import (
    AddressVerification,
    AmlMonitoring,
    Authentication,
    Client,
    EnhancedKyc,
    NewLink,
    Registration,
    Submission,
)
from dashboard.smile.v3.multipart import JSON, Multipart, Part
from tests.unit.smile.fake_smile import API_KEY, Answer, FakeSmile
from tests.unit.smile.v3.bodies import fields_of, parts_of, parts_of_request
from tests.unit.smile.v3.examples import (
    CALLBACK,
    CONSENT,
    DETAILS,
    FACES,
    JOB_ID,
    JPEG,
    NUMBER,
    PERSON,
    PNG,
    REQUESTS,
    photo,
)


@pytest.mark.parametrize("name", REQUESTS)
def test_every_submission_arrives_whole(accepting: FakeSmile, client: Client, name: str) -> None:
    answer = client.verifications.submit(REQUESTS[name])

    sent = accepting.to(f"/v3/{name}")[0]
    fields = fields_of(sent)
    assert (answer.job_id, answer.user_id) == (JOB_ID, "user-1")
    assert fields["callback_url"] == CALLBACK
    assert fields["consent"]["granted_at"] == "2026-10-01T09:30:00.000Z"
    assert fields["user_details"]["last_name"] == "Clearwater"
    for field in REQUESTS[name].needed():
        assert field in fields
    assert fields.get("liveness_images", 6) == 6
    assert sent.headers["smileid-partner-id"] == "2"
    assert int(sent.headers["content-length"]) == sent.size


def test_scalars_come_first_then_json_then_images(accepting: FakeSmile, client: Client) -> None:
    client.verifications.submit(
        replace(REQUESTS["residency_document_verification"], metadata=[{"name": "a", "value": "b"}], user_id="user-9")
    )

    sent = accepting.to("/v3/residency_document_verification")[0]
    parts = parts_of_request(sent)
    kinds = ["text", "json", "image"]
    order = [
        kinds.index("image" if part.file_name else "json" if part.content_type == JSON else "text") for part in parts
    ]
    assert order == sorted(order)
    assert [part.content_type for part in parts if part.name in ("visa", "document")] == ["image/jpeg", "image/png"]
    assert sent.headers["user-id"] == "user-9"


def test_user_id_that_no_header_can_hold_goes_into_the_body(accepting: FakeSmile, client: Client) -> None:
    client.verifications.submit(replace(REQUESTS["enhanced_kyc"], user_id="käufer-1"))

    sent = accepting.to("/v3/enhanced_kyc")[0]
    assert "user-id" not in sent.headers
    assert fields_of(sent)["user_id"] == "käufer-1"


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("enhanced_kyc", {"country": "Nigeria"}, "country"),
    ("enhanced_kyc", {"country": None}, "country"),
    ("enhanced_kyc", {"id_number": None}, "id_number"),
    ("enhanced_kyc", {"consent": None}, "consent"),
    ("enhanced_kyc", {"consent": replace(CONSENT, granted=False)}, "consent.granted"),
    ("enhanced_kyc", {"consent": replace(CONSENT, granted_at="yesterday")}, "consent.granted_at"),
    ("enhanced_kyc", {"consent": replace(CONSENT, granted_at=datetime(2026, 1, 1))}, "consent.granted_at"),  # noqa: DTZ001
    (
        "enhanced_kyc",
        {"consent": replace(CONSENT, granted_at=datetime.now(UTC) + timedelta(days=1))},
        "consent.granted_at",
    ),
    ("enhanced_kyc", {"consent": replace(CONSENT, notice_language="en")}, "consent.notice_language"),
    (
        "enhanced_kyc",
        {"consent": replace(CONSENT, notice_privacy_policy_url="http://a.example")},
        "consent.notice_privacy_policy_url",
    ),
    ("enhanced_kyc", {"consent": {"granted": True, "other": 1}}, "consent.other"),
    ("enhanced_kyc", {"user_details": None}, "user_details"),
    ("enhanced_kyc", {"user_details": replace(DETAILS, given_names="")}, "user_details.given_names"),
    ("enhanced_kyc", {"user_details": replace(DETAILS, last_name="")}, "user_details.last_name"),
    ("enhanced_kyc", {"user_details": replace(DETAILS, email=None)}, "user_details.email"),
    ("enhanced_kyc", {"user_details": replace(DETAILS, email="amina")}, "user_details.email"),
    ("enhanced_kyc", {"user_details": replace(DETAILS, phone_number="0803")}, "user_details.phone_number"),
    ("enhanced_kyc", {"callback_url": "http://partner.example/hook"}, "callback_url"),
    ("enhanced_kyc", {"callback_url": "https://partner.example/\ud800"}, "callback_url"),
    ("enhanced_kyc", {"callback_url": 7}, "callback_url"),
    ("enhanced_kyc", {"callback_url": "https://["}, "callback_url"),
    ("enhanced_kyc", {"id_number": "\ud800"}, "id_number"),
    ("enhanced_kyc", {"partner_params": {"a": 1}}, "partner_params"),
    ("enhanced_kyc", {"metadata": [{"name": "x" * 101, "value": ""}]}, "metadata[0]"),
    ("enhanced_kyc", {"user_id": " user"}, "user_id"),
    ("enhanced_kyc", {"user_id": "user\r\nX: y"}, "user_id"),
    ("biometric_kyc", {"liveness_images": [JPEG] * 5}, "liveness_images"),
    ("biometric_kyc", {"liveness_images": [JPEG] * 9}, "liveness_images"),
    ("biometric_kyc", {"selfie_image": PNG}, "selfie_image"),
    ("biometric_kyc", {"selfie_image": b""}, "selfie_image"),
    ("biometric_kyc", {"selfie_image": "/no/such/file.jpg"}, "selfie_image"),
    ("biometric_kyc", {"liveness_images": [*[JPEG] * 5, PNG]}, "liveness_images[5]"),
    ("biometric_kyc", {"sandbox_result": "840"}, "sandbox_result"),
    ("document_verification", {"document": b"GIF89a"}, "document"),
    ("enhanced_document_verification", {"id_type": None}, "id_type"),
    ("residency_document_verification", {"id_type": "IDENTITY_CARD"}, "id_type"),
    ("residency_document_verification", {"visa": None}, "visa"),
    ("authentication", {"user_id": None}, "user_id"),
    ("authentication", {"selfie_image": None}, "selfie_image"),
    ("authentication", {"use_enrolled_image": "yes"}, "use_enrolled_image"),
    ("compare", {"comparison_image_type": "FACE"}, "comparison_image_type"),
    ("address", {"country": "KE"}, "country"),
    ("address", {"country": "NG"}, "utility_number"),
    ("address", {"address": "x" * 513}, "address"),
    ("address", {"utility_type": "None"}, "utility_type"),
    ("aml", {"countries": []}, "countries"),
    ("aml", {"countries": ["NGA"]}, "countries[0]"),
    ("aml", {"birth_year": 999}, "birth_year"),
    ("aml", {"aliases": ["x"] * 21}, "aliases"),
    ("aml", {"aliases": ["x" * 257]}, "aliases"),
    ("aml", {"search_existing_user": True}, "user_id"),
    ("aml", {"full_name": None}, "full_name"),
    ("aml/monitoring", {"full_name": None}, "full_name"),
]


@pytest.mark.parametrize(("name", "changes", "field"), WRONG)
def test_wrong_field_is_named_and_nothing_is_sent(
    smile: FakeSmile, client: Client, name: str, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        client.verifications.submit(replace(REQUESTS[name], **changes))

    assert field in caught.value.fields
    assert smile.requests == []


@pytest.mark.parametrize(
    "request_",
    [
        Authentication(**PERSON, user_id="user-1", use_enrolled_image=True),
        AmlMonitoring(**PERSON, countries=["NG"], search_existing_user=True, user_id="user-1"),
        Registration(consent={**vars(CONSENT)}, user_details={**vars(DETAILS)}, **FACES),
        AddressVerification(
            **PERSON, address="1 Broad Street", country="NG", utility_number="1", utility_provider="IKEDC",
            utility_type="PrePaid",
        ),
    ],
)  # fmt: skip
def test_rules_that_ask_for_less(accepting: FakeSmile, client: Client, request_: Submission) -> None:
    client.verifications.submit(request_)

    assert len(accepting.to(f"/v3/{request_.path}")) == 1


def test_checking_sends_nothing(smile: FakeSmile, client: Client) -> None:
    client.verifications.check(REQUESTS["biometric_kyc"])

    with pytest.raises(InvalidRequest, match="none that this method takes"):
        client.verifications.look_up(REQUESTS["aml"])  # type: ignore[arg-type]
    assert smile.requests == []


def test_large_images_are_made_smaller_until_the_request_fits(
    accepting: FakeSmile, client: Client, tmp_path: Path
) -> None:
    large = photo(1100, 900)
    path = tmp_path / "amina-clearwater.jpg"
    path.write_bytes(large)
    assert len(large) * 8 > 6_000_000
    faces = {"selfie_image": path, "liveness_images": [path] * 6}

    client.verifications.submit(replace(REQUESTS["document_verification"], **faces, document=large, document_back=JPEG))

    sent = accepting.to("/v3/document_verification")[0]
    parts = parts_of_request(sent)
    assert sent.size < 4_500_000
    # The small image is sent as it is, and a file's own name, which may name a person, is not sent.
    assert [part.content for part in parts if part.name == "document_back"] == [JPEG]
    assert {part.file_name for part in parts if part.name == "selfie_image"} == {"selfie.jpg"}


def test_image_that_cannot_be_made_smaller_is_named(smile: FakeSmile, client: Client) -> None:
    with pytest.raises(InvalidRequest) as caught:
        client.verifications.submit(replace(REQUESTS["registration"], selfie_image=JPEG + bytes(5_000_000)))

    assert "selfie_image" in caught.value.fields
    assert smile.requests == []


@given(
    parts=st.lists(
        st.tuples(st.sampled_from(["a", "b"]), st.text(st.characters(codec="utf-8"))), min_size=1, max_size=5
    )
)
@settings(max_examples=40)
def test_body_has_the_length_that_it_says(parts: list[tuple[str, str]]) -> None:
    body = Multipart([Part(name, text) for name, text in parts])

    sent = b"".join(body)

    assert len(sent) == len(body)
    # The reader turns line ends of texts into its own.
    plain = [(name, text.encode()) for name, text in parts if not set(text) & set("\r\n\x0b\x0c\x1c\x1d\x1e\x85")]
    read = [(part.name, part.content) for part in parts_of(body.content_type, sent)]
    assert len(read) == len(parts)
    assert all(pair in read for pair in plain)


CALLS = {
    "status": lambda client: client.jobs.status("job_1"),
    "wait": lambda client: client.jobs.wait(JOB_ID, poll_wait=-1),
    "replay": lambda client: client.jobs.replay("../status"),
    "replay to http": lambda client: client.jobs.replay(JOB_ID, callback_url="http://partner.example"),
    "fraud without a reason": lambda client: client.jobs.flag_fraud("u", reported_by="a@b.example", reason="BAD"),
    "fraud without notes": lambda client: client.jobs.flag_fraud("u", reported_by="a@b.example", reason="OTHER"),
    "fraud by nobody": lambda client: client.jobs.flag_fraud("u", reported_by="ben", reason="MULE_ACCOUNT"),
    "fraud of no user": lambda client: client.jobs.flag_fraud("..", reported_by="a@b.example", reason="MULE_ACCOUNT"),
    "clearing without notes": lambda client: client.jobs.clear_fraud("u", reported_by="a@b.example", notes=""),
    "clearing with long notes": lambda client: client.jobs.clear_fraud("u", reported_by="a@b.example", notes="x" * 501),
    "news of no category": lambda client: client.verifications.news(JOB_ID, "ref", "gossip"),
    "news of page 0": lambda client: client.verifications.news(JOB_ID, "ref", "narcotics", page=0),
    "news of no reference": lambda client: client.verifications.news(JOB_ID, "a/b", "narcotics"),
    "screening without a key": lambda client: client.verifications.screen(REQUESTS["aml"], "short"),
    "screening as monitoring": lambda client: client.verifications.screen(REQUESTS["aml/monitoring"], "x" * 16),
    "banks": lambda client: client.services.bank_codes("Nigeria"),
    "documents": lambda client: client.services.supported_documents(continent="MARS"),
    "locale": lambda client: client.services.supported_documents(locale="en"),
    "id status": lambda client: client.services.id_status("NG", ""),
    "link": lambda client: client.links.get("1"),
    "new link": lambda client: client.links.create("link"),
    "link without types": lambda client: client.links.create(
        NewLink(name="KYC", id_types=[], notice_privacy_policy_url="https://a.example", is_single_use=True)
    ),
    "token": lambda client: client.create_token(product="kyb"),
    "token for a wrong field": lambda client: client.create_token(payload={"gender": "F"}),
}


@pytest.mark.parametrize("name", CALLS)
def test_other_calls_check_their_arguments(smile: FakeSmile, client: Client, name: str) -> None:
    with pytest.raises(InvalidRequest):
        CALLS[name](client)

    assert smile.requests == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"partner_id": "kora"}, "partner_id"),
        ({"partner_id": "000"}, "partner_id"),
        ({"api_key": ""}, "api_key"),
        ({"sid_server": "https://smile.example"}, "sid_server"),
        ({"default_callback": "http://partner.example"}, "default_callback"),
        ({"verify_keys": "key"}, "verify_keys"),
        ({"verify_keys": [""]}, "verify_keys[0]"),
        ({"transport": "t"}, "transport"),
    ],
)
def test_client_names_its_wrong_argument(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        Client(**{"partner_id": "2", "api_key": API_KEY, "sid_server": 0, **changes})

    assert list(caught.value.fields) == [field]


def test_callback_may_be_plain_on_this_machine_for_a_simulator_only() -> None:
    local = "http://localhost:8000/hooks/smile"
    Client("2", API_KEY, "http://127.0.0.1:8001/v3", default_callback=local)

    with pytest.raises(InvalidRequest):
        Client("2", API_KEY, 1, default_callback=local)


def test_lookup_with_a_default_callback_of_the_client(accepting: FakeSmile, client: Client) -> None:
    own = EnhancedKyc(**PERSON, **NUMBER, callback_url="https://partner.example/own")
    client.verifications.submit(own)

    assert fields_of(accepting.to("/v3/enhanced_kyc")[0])["callback_url"] == "https://partner.example/own"


def test_link_is_created_and_read(smile: FakeSmile, client: Client) -> None:
    ref_id = "0191b0a2-5c5e-7cc0-9a1f-7e3b1c9d2e11"
    answer = {"link": f"https://links.usesmileid.com/v3/2/{ref_id}", "ref_id": ref_id, "user_id": None}
    smile.answers["POST /v3/smile_links"] = Answer(answer, 201)
    smile.answers[f"GET /v3/smile_links/{ref_id}"] = Answer({**answer, "name": "KYC"})
    types = [{"country": "NG", "id_type": "BVN", "verification_method": "biometric_kyc"}]
    link = NewLink(
        name="KYC", id_types=types, notice_privacy_policy_url="https://a.example", is_single_use=False,
        expires_at=datetime(2027, 1, 1, tzinfo=UTC),
    )  # fmt: skip

    created = client.links.create(link)

    sent = fields_of(smile.to("/v3/smile_links")[0])
    assert created.ref_id == ref_id
    assert (sent["id_types"], sent["is_single_use"], sent["expires_at"]) == (types, "false", "2027-01-01T00:00:00.000Z")
    assert client.links.get(ref_id).payload["name"] == "KYC"
