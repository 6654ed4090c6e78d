"""Every rule that is kept before the network, by the name of the field that breaks it."""

import base64
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.smile import IDApi, InvalidRequest, SmileLinks, Transport, Utilities, WebApi

from . import legacy
from .examples import CALLBACK, JPEG, job, lookup
from .fake_smile import API_KEY, PARTNER_ID, FakeSmile

SELFIE = {"image_type_id": 0, "image": JPEG}
FRONT = {"image_type_id": 1, "image": JPEG}
BASE64 = base64.b64encode(JPEG).decode()


def wrong(web_api: WebApi, *arguments: Any) -> set[str]:
    with pytest.raises(InvalidRequest) as caught:
        web_api.validate_job(*arguments)
    return set(caught.value.fields)


@pytest.mark.parametrize(
    ("partner_params", "fields"),
    [
        (None, {"user_id", "job_id", "job_type"}),
        ({}, {"user_id", "job_id", "job_type"}),
        ("text", {"partner_params", "user_id", "job_id", "job_type"}),
        ({**job(), "user_id": 7}, {"user_id"}),
        ({**job(), "user_id": " "}, {"user_id"}),
        ({**job(), "job_id": ""}, {"job_id"}),
        (job(None), {"job_type"}),
        (job("four"), {"job_type"}),
        (job(4.0), {"job_type"}),
        (job(True), {"job_type"}),
        (job(3), {"job_type"}),
        (job(10), {"job_type"}),
        (job(4, extra=float("nan")), {"partner_params"}),
        (job(4, extra=object()), {"partner_params"}),
    ],
)
def test_partner_params_need_their_three_fields(web_api: WebApi, partner_params: Any, fields: set[str]) -> None:
    assert wrong(web_api, partner_params, [SELFIE]) == fields


@pytest.mark.parametrize(
    ("details", "field"),
    [
        (None, "images"),
        ([], "images"),
        ({"image_type_id": 0}, "images"),
        ("selfie.jpg", "images"),
        (["selfie.jpg"], "images[0]"),
        ([SELFIE, {"image": JPEG}], "images[1]"),
        ([SELFIE, {"image_type_id": 8, "image": JPEG}], "images[1]"),
        ([SELFIE, {"image_type_id": "x", "image": JPEG}], "images[1]"),
        ([SELFIE, {"image_type_id": True, "image": JPEG}], "images[1]"),
        ([{"image_type_id": 0}], "images[0]"),
        ([{"image_type_id": 0, "image": None}], "images[0]"),
        ([{"image_type_id": 0, "image": JPEG, "file_name": "a.jpg"}], "images[0]"),
        ([{"image_type_id": 0, "image": b""}], "images[0]"),
        ([{"image_type_id": 0, "image": "."}], "images[0]"),
        ([{"image_type_id": 0, "image": 7}], "images[0]"),
        ([{"image_type_id": 0, "image": io.BytesIO()}], "images[0]"),
        ([{"image_type_id": 0, "image": io.StringIO("text")}], "images[0]"),
        ([{"image_type_id": 0, "image": BASE64}], "images[0]"),
        ([{"image_type_id": 0, "file_name": "/dev/zero"}], "images[0]"),
        ([{"image_type_id": 2, "image": "selfie.jpg"}], "images[0]"),
        ([{"image_type_id": 2, "file_name": "selfie.jpg"}], "images[0]"),
        ([{"image_type_id": 2, "image": "data:image/jpeg;base64,"}], "images[0]"),
        ([{"image_type_id": 2, "image": io.BytesIO(JPEG)}], "images[0]"),
        ([{"image_type_id": 4, "image": JPEG}], "images"),
    ],
)
def test_images_are_checked_one_by_one(web_api: WebApi, details: Any, field: str) -> None:
    assert wrong(web_api, job(4), details) == {field}


def test_a_closed_file_is_found_beforehand(web_api: WebApi, selfie: Path) -> None:
    with selfie.open("rb") as file:
        pass

    assert wrong(web_api, job(), [{"image_type_id": 0, "image": file}]) == {"images[0]"}


@pytest.mark.parametrize(
    ("job_type", "details", "id_info", "fields"),
    [
        (1, [SELFIE], None, {"images"}),
        (1, [FRONT], lookup(entered=True), {"images"}),
        (1, [SELFIE], {"entered": True}, {"country", "id_type", "id_number"}),
        (1, [SELFIE, FRONT], {"entered": "yes"}, {"entered"}),
        (1, [SELFIE, FRONT], {"entered": 1}, {"entered"}),
        (1, [SELFIE, FRONT], ["country"], {"id_info"}),
        (1, [SELFIE, FRONT], {"country": "Nigeria"}, {"country"}),
        (2, [SELFIE], lookup(entered="true", id_type=""), {"id_type"}),
        (6, [SELFIE, FRONT], None, {"country"}),
        (6, [SELFIE, FRONT], {"country": "ng"}, {"country"}),
        (6, [SELFIE, FRONT], {"country": "NG\n"}, {"country"}),
        (6, [SELFIE], {"country": "NG"}, {"images"}),
        (6, [FRONT], {"country": "NG"}, {"images"}),
        (6, [SELFIE, FRONT], {"country": "NG", "entered": True}, {"id_type", "id_number"}),
        (11, [SELFIE, FRONT], {"country": "NG"}, {"id_type"}),
        (11, [SELFIE, FRONT], {}, {"country", "id_type"}),
        (5, None, None, {"country", "id_type", "id_number"}),
        (5, None, lookup(id_number=None), {"id_number"}),
        (5, None, lookup(id_number=123), {"id_number"}),
        (7, None, lookup(), {"id_type"}),
        (7, None, lookup(id_type="BUSINESS_REGISTRATION"), {"business_type"}),
        (7, None, lookup(id_type="BASIC_BUSINESS_REGISTRATION", business_type="gmbh"), {"business_type"}),
        (7, None, lookup(country="KE", id_type="BUSINESS_REGISTRATION"), {"postal_address", "postal_code"}),
    ],
)
def test_each_job_type_needs_its_own(
    web_api: WebApi, job_type: int, details: Any, id_info: Any, fields: set[str]
) -> None:
    assert wrong(web_api, job(job_type), details, id_info) == fields


@pytest.mark.parametrize(
    ("job_type", "details", "id_info", "options"),
    [
        (1, [SELFIE, FRONT], None, None),
        (1, [SELFIE], lookup(entered=True), {}),
        (1, [{"image_type_id": 2, "image": BASE64}, {"image_type_id": 3, "image": BASE64}], {}, None),
        (6, [SELFIE, FRONT], {"country": "NG"}, None),
        (6, [FRONT], {"country": "NG"}, {"use_enrolled_image": True}),
        (11, [SELFIE, FRONT], {"country": "NG", "id_type": "PASSPORT"}, None),
        (5, None, lookup(), None),
        (7, None, lookup(id_type="BUSINESS_REGISTRATION", business_type="co"), None),
        (7, [], lookup(country="ZA", id_type="BUSINESS_REGISTRATION"), {"return_job_status": True}),
        ("7", None, lookup(id_type="TAX_INFORMATION"), {"async": True}),
        (4, [SELFIE], None, {"return_history": None, "return_images": False}),
    ],
)
def test_what_keeps_the_rules_passes_and_nothing_is_sent(
    smile: FakeSmile, web_api: WebApi, job_type: Any, details: Any, id_info: Any, options: Any
) -> None:
    web_api.validate_job(job(job_type), details, id_info, options)

    assert smile.requests == []


@pytest.mark.parametrize(
    ("options", "fields"),
    [
        ({"return_job_status": "true"}, {"return_job_status"}),
        ({"return_history": 1}, {"return_history"}),
        ({"return_image_links": "no"}, {"return_image_links"}),
        ({"return_images": []}, {"return_images"}),
        ({"use_enrolled_image": 0}, {"use_enrolled_image"}),
        ({"signature": "x"}, {"signature"}),
        ({"signature": False}, {"signature"}),
        ({"optional_callback": "hooks"}, {"optional_callback"}),
        ({"optional_callback": "http://["}, {"optional_callback"}),
        ({"return_image_link": True}, {"return_image_link"}),
        (["return_history"], {"options"}),
    ],
)
def test_options_are_flags_by_known_names(web_api: WebApi, options: Any, fields: set[str]) -> None:
    assert wrong(web_api, job(4), [SELFIE], None, options) == fields
    assert wrong(web_api, job(5), None, lookup(), options) == fields


def test_a_result_needs_a_way_back(smile: FakeSmile) -> None:
    web_api = WebApi(PARTNER_ID, None, API_KEY, smile.url)

    assert wrong(web_api, job(4), [SELFIE]) == {"callback_url"}
    assert wrong(web_api, job(5), None, lookup(), {"async": True}) == {"callback_url"}
    web_api.validate_job(job(4), [SELFIE], None, {"return_job_status": True})
    web_api.validate_job(job(4), [SELFIE], None, {"optional_callback": CALLBACK})
    web_api.validate_job(job(5), None, lookup())


def test_all_mistakes_are_told_at_once(web_api: WebApi) -> None:
    fields = wrong(
        web_api,
        {"job_id": 1, "job_type": 11},
        [{"image_type_id": 9}],
        {"entered": "maybe"},
        {"return_history": "x"},
    )

    assert fields == {"user_id", "job_id", "images[0]", "entered", "country", "id_type", "return_history"}


def test_a_mistake_is_a_value_error_with_a_sentence(web_api: WebApi) -> None:
    with pytest.raises(ValueError, match="user_id: is missing"):
        web_api.submit_job({"job_id": "job-1", "job_type": 4}, [SELFIE])


@pytest.mark.parametrize(
    ("request_params", "fields"),
    [
        (None, {"user_id", "job_id", "product"}),
        ({"user_id": "u", "job_id": "j"}, {"product"}),
        ({"user_id": "u", "job_id": "j", "product": "authentication", "callback_url": "x"}, {"callback_url"}),
    ],
)
def test_a_web_token_needs_its_fields(web_api: WebApi, request_params: Any, fields: set[str]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        web_api.get_web_token(request_params)

    assert set(caught.value.fields) == fields


def test_a_web_token_needs_a_callback(smile: FakeSmile) -> None:
    with pytest.raises(InvalidRequest, match="callback_url"):
        WebApi(PARTNER_ID, "", API_KEY, smile.url).get_web_token(
            {"user_id": "u", "job_id": "j", "product": "authentication"}
        )


def test_job_status_needs_both_ids(smile: FakeSmile, web_api: WebApi) -> None:
    with pytest.raises(InvalidRequest) as caught:
        web_api.get_job_status({"user_id": "user-1"})
    with pytest.raises(InvalidRequest):
        Utilities(PARTNER_ID, API_KEY, smile.url).get_job_status("user-1", "")

    assert set(caught.value.fields) == {"job_id"}


def test_the_id_api_takes_only_its_own_job_types(id_api: IDApi) -> None:
    with pytest.raises(InvalidRequest) as caught:
        id_api.submit_job(job(4), lookup())
    with pytest.raises(InvalidRequest):
        id_api.submit_basic_kyc(job(7), lookup())

    assert set(caught.value.fields) == {"job_type"}


@pytest.mark.parametrize("server", [2, "", True, None, "api.example/v1", "ftp://x/v1", "http://x:y/v1", "https://x"])
def test_a_server_that_cannot_be_one_is_refused(server: Any) -> None:
    with pytest.raises(InvalidRequest, match="sid_server"):
        IDApi(PARTNER_ID, API_KEY, server)


def test_a_transport_to_another_server_is_refused(smile: FakeSmile) -> None:
    with Transport(smile.url) as transport, pytest.raises(InvalidRequest, match="sid_server"):
        IDApi(PARTNER_ID, API_KEY, 1, transport=transport)


def test_a_link_names_what_is_wrong_with_it(smile: FakeSmile) -> None:
    links = SmileLinks(PARTNER_ID, API_KEY, smile.url)
    entry = {"country": "NG", "id_type": "BVN", "verification_method": "biometric_kyc"}

    with pytest.raises(InvalidRequest) as caught:
        links.create({"name": "KYC", "logo_url": "x", "id_types": [entry, entry, {"verification_method": "magic"}, 1]})

    assert set(caught.value.fields) == {
        "company_name",
        "logo_url",
        "id_types[1]",
        "id_types[2].country",
        "id_types[2].id_type",
        "id_types[2].verification_method",
        "id_types[3]",
    }
    for ref_id in ("", ".", ".."):
        with pytest.raises(InvalidRequest, match="ref_id"):
            links.get(ref_id)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
KEYS = st.sampled_from(
    ["user_id", "job_type", "image", "image_type_id", "file_name", "entered", "country", "signature"]
)
SHAPED = ANYTHING | st.dictionaries(KEYS, ANYTHING, max_size=4) | st.lists(st.dictionaries(KEYS, ANYTHING, max_size=4))


@given(partner_params=SHAPED, images=SHAPED, id_info=SHAPED, options=SHAPED)
def test_nonsense_is_refused_with_names_and_never_crashes(
    partner_params: Any, images: Any, id_info: Any, options: Any
) -> None:
    web_api = WebApi(PARTNER_ID, CALLBACK, legacy.API_KEY, 0)

    with pytest.raises(InvalidRequest) as caught:
        web_api.validate_job(partner_params, images, id_info, options)

    assert caught.value.fields
