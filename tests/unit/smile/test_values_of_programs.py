"""What a Python program holds is sent as JSON has it: dates, UUIDs, decimals, members of an Enum."""

import json
import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.smile import IDApi, InvalidRequest, SmileLinks, Utilities, WebApi
from dashboard.smile.constants import JobType
from dashboard.smile.plain_values import NotPlain, plain

from .examples import CALLBACK, JPEG, job, lookup
from .fake_smile import API_KEY, PARTNER_ID, Answer, FakeSmile, signed

USER = uuid.UUID("e54e0e98-8b8c-4215-89f5-7f9ea42bf650")
LAGOS = timezone(timedelta(hours=1))


class Country(StrEnum):
    NIGERIA = "NG"


class Kind(Enum):
    BVN = "BVN"


class Product(StrEnum):
    SELFIE = "smartselfie"


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (date(1992, 3, 14), "1992-03-14"),
        (datetime.fromisoformat("1992-03-14T00:00"), "1992-03-14"),
        (datetime(1992, 3, 14, 0, 30, tzinfo=LAGOS), "1992-03-14"),
        ("1992-03-14", "1992-03-14"),
    ],
)
def test_a_date_of_birth_is_sent_as_its_day(smile: FakeSmile, id_api: IDApi, value: Any, sent: str) -> None:
    smile.answers["POST /v1/id_verification"] = Answer(signed({"ResultCode": "1012"}))

    id_api.submit_job(job(5), lookup(dob=value))

    assert smile.requests[0].json["dob"] == sent


def test_ids_enums_and_decimals_are_taken_everywhere(smile: FakeSmile, id_api: IDApi) -> None:
    smile.answers["POST /v1/id_verification"] = Answer(signed({"ResultCode": "1012"}))
    params = {"user_id": USER, "job_id": uuid.UUID(int=7), "job_type": JobType.ENHANCED_KYC, "limit": Decimal("1.50")}

    id_api.submit_job(params, {"country": Country.NIGERIA, "id_type": Kind.BVN, "id_number": Decimal(22212345678)})

    sent = smile.requests[0].json
    assert sent["partner_params"] == {
        "user_id": str(USER), "job_id": "00000000-0000-0000-0000-000000000007", "job_type": 5, "limit": "1.50",
    }  # fmt: skip
    assert (sent["country"], sent["id_type"], sent["id_number"]) == ("NG", "BVN", "22212345678")


def test_the_zip_carries_them_too(smile: FakeSmile, web_api: WebApi) -> None:
    consent = {"consented": {"consent_granted_date": datetime(2026, 1, 15, 9, 30, tzinfo=LAGOS)}}
    id_info = lookup(dob=date(1992, 3, 14), consent_information=consent)
    made_at = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)

    web_api.submit_job(job(user=USER, made_at=made_at), [{"image_type_id": 0, "image": JPEG}], id_info)

    info = smile.requests[1].info
    assert info["id_info"]["dob"] == "1992-03-14"
    assert info["id_info"]["consent_information"]["consented"]["consent_granted_date"] == "2026-01-15T08:30:00.000Z"
    assert info["misc_information"]["partner_params"]["user"] == str(USER)
    assert info["misc_information"]["partner_params"]["made_at"] == "2026-01-15T09:30:00.000Z"


def test_status_token_and_link_take_them(smile: FakeSmile, web_api: WebApi) -> None:
    smile.answers["POST /v1/job_status"] = Answer(signed({"job_complete": True}))
    smile.answers["POST /v1/token"] = Answer({"token": "t"})
    smile.answers["POST /v1/smile_links"] = Answer({"ref_id": "r"})

    Utilities(PARTNER_ID, API_KEY, smile.url).get_job_status(USER, uuid.UUID(int=7))  # type: ignore[arg-type]
    web_api.get_job_status({"user_id": USER, "job_id": "j"})
    web_api.get_web_token({"user_id": USER, "job_id": "j", "product": Product.SELFIE})
    SmileLinks(PARTNER_ID, API_KEY, smile.url).create(
        {
            "name": "KYC",
            "company_name": "Kora",
            "user_id": USER,
            "expires_at": datetime(2026, 12, 1, tzinfo=UTC),
            "id_types": [{"country": Country.NIGERIA, "id_type": "BVN", "verification_method": "biometric_kyc"}],
        }
    )

    status, same_status, token, link = (request.json for request in smile.requests)
    assert status["user_id"] == same_status["user_id"] == token["user_id"] == link["user_id"] == str(USER)
    assert (status["job_id"], token["product"]) == ("00000000-0000-0000-0000-000000000007", "smartselfie")
    assert (link["expires_at"], link["id_types"][0]["country"]) == ("2026-12-01T00:00:00.000Z", "NG")


@pytest.mark.parametrize("empty", ["", None])
def test_an_empty_callback_means_the_default(smile: FakeSmile, web_api: WebApi, empty: str | None) -> None:
    smile.answers["POST /v1/async_id_verification"] = Answer({"success": True})
    smile.answers["POST /v1/token"] = Answer({"token": "t"})
    selfie = [{"image_type_id": 0, "image": JPEG}]

    web_api.submit_job(job(), selfie, None, {"optional_callback": empty})
    web_api.submit_job(job(5), None, lookup(), {"async": True, "optional_callback": empty})
    web_api.get_web_token({"user_id": "u", "job_id": "j", "product": "smartselfie", "callback_url": empty})
    web_api.prepare_upload(job(), callback_url=empty, options={"optional_callback": empty})

    prepared, put, lookup_sent, token, again = smile.requests
    sent = [request.json["callback_url"] for request in (prepared, lookup_sent, token, again)]
    assert [*sent, put.info["misc_information"]["callback_url"]] == [CALLBACK] * 5


@pytest.mark.parametrize("default", ["", None])
@pytest.mark.parametrize("given", [{}, {"callback_url": ""}, {"callback_url": None}])
def test_no_callback_at_all_says_that_it_is_missing(
    smile: FakeSmile, default: str | None, given: dict[str, Any]
) -> None:
    web_api = WebApi(PARTNER_ID, default, API_KEY, smile.url)

    with pytest.raises(InvalidRequest) as caught:
        web_api.get_web_token({"user_id": "u", "job_id": "j", "product": "smartselfie", **given})

    assert caught.value.fields == {"callback_url": "is missing"}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"a": b"x"}, "bytes"),
        ({"a": {1, 2}}, "set"),
        ({"a": float("nan")}, "not finite"),
        ({"a": Decimal("Infinity")}, "not finite"),
        ({"a": {"b": [object()]}}, r"object.*at a\.b\[0\]"),
        ({"a": {(1, 2): "x"}}, "name of type tuple"),
    ],
)
def test_what_json_cannot_carry_is_named_with_its_place(value: Any, words: str) -> None:
    with pytest.raises(NotPlain, match=words) as caught:
        plain(value)

    assert "at a" in str(caught.value)


def test_a_value_that_holds_itself_is_refused() -> None:
    endless: dict[str, Any] = {}
    endless["again"] = endless

    with pytest.raises(NotPlain, match="nested too deeply"):
        plain(endless)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(JSON)
def test_json_values_stay_as_they_are(value: Any) -> None:
    assert plain(value) == value


@given(st.dates() | st.datetimes(timezones=st.none() | st.timezones()) | st.uuids() | st.decimals(allow_nan=False))
def test_whatever_is_taken_can_be_sent(value: Any) -> None:
    try:
        made = plain({"dob": value, "more": [value]})
    except NotPlain:
        assert isinstance(value, Decimal)
        assert not value.is_finite()
    else:
        assert all(isinstance(text, str) for text in (made["dob"], *made["more"]))
        assert json.loads(json.dumps(made)) == made
