"""Parsing the form of a new job: each rule once, beside the field that it belongs to."""

import io
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.datastructures import FileStorage, MultiDict

from dashboard.db import utc_now
from dashboard.jobs.products import Product
from dashboard.jobs.smile_api.catalogue import Catalogue
from dashboard.jobs.submitting.form_checks import check_job_form
from dashboard.jobs.submitting.forms import JobForm
from dashboard.jobs.submitting.submission import JobRequest
from dashboard.smile.constants import ImageType
from tests.factories.images import make_jpeg
from tests.unit.jobs.test_catalogue import BASE, live
from tests.unit.jobs.test_pictures import JPEG, PNG

SHIPPED = Catalogue()
BVN = {"product": "enhanced_kyc", "country": "NG", "id_type": "BVN", "id_number": "00000000000"}
BIOMETRIC = BVN | {"product": "biometric_kyc"}
BASIC = BVN | {"product": "basic_kyc", "first_name": "Amina", "last_name": "Bello", "dob": "1990-12-31", "gender": "F"}
DOCUMENT = {"product": "document_verification", "country": "NG", "id_type": "PASSPORT"}
AUTHENTICATION = {"product": "smartselfie_authentication", "user_id": "cust-1"}
PICTURES = {"selfie": JPEG, "id_front": JPEG}


def check(
    values: dict[str, str], pictures: dict[str, Any] | None = None, catalogue: Catalogue = SHIPPED, sandbox: bool = True
) -> tuple[JobForm, JobRequest | None]:
    form = JobForm(values, catalogue=catalogue, is_sandbox=sandbox)
    return form, check_job_form(form, sent_files(pictures or {}))


def sent_files(pictures: dict[str, Any]) -> MultiDict[str, FileStorage]:
    files: MultiDict[str, FileStorage] = MultiDict()
    for name, contents in pictures.items():
        for content in contents if isinstance(contents, list) else [contents]:
            files.add(name, FileStorage(io.BytesIO(content), filename="picture.jpg"))
    return files


@pytest.mark.parametrize(
    ("values", "pictures"),
    [
        (BVN, {}),
        (BASIC, {}),
        (BIOMETRIC, {"selfie": JPEG}),
        (BIOMETRIC, {"selfie": PNG, "liveness": [make_jpeg(seed, 240, 320) for seed in range(8)]}),
        (DOCUMENT, PICTURES),
        (DOCUMENT | {"id_type": ""}, PICTURES),
        (DOCUMENT | {"product": "enhanced_document_verification", "country": "GH"}, PICTURES),
        ({"product": "smartselfie_registration"}, {"selfie": JPEG}),
        (AUTHENTICATION, {"selfie": JPEG}),
        (
            {"product": "business_verification", "country": "NG", "id_type": "BUSINESS_REGISTRATION"}
            | {"id_number": "0000000", "business_type": "co"},
            {},
        ),
    ],
)
def test_valid_form_of_each_product_makes_a_request(values: dict[str, str], pictures: dict[str, Any]):
    form, wanted = check(values, pictures)

    assert form.errors == {}
    assert wanted is not None
    assert wanted.product == values["product"]
    assert len(wanted.images) == sum(len(given) if isinstance(given, list) else 1 for given in pictures.values())


@pytest.mark.parametrize(
    ("values", "pictures", "field"),
    [
        ({}, {}, "product"),
        ({"product": "nonsense"}, {}, "product"),
        (BVN | {"country": ""}, {}, "country"),
        (BVN | {"country": "XX"}, {}, "country"),
        (BVN | {"id_type": ""}, {}, "id_type"),
        (BVN | {"id_type": "NONSENSE"}, {}, "id_type"),
        (DOCUMENT | {"id_type": "NONSENSE"}, PICTURES, "id_type"),
        (BVN | {"id_number": ""}, {}, "id_number"),
        (BVN | {"id_number": "   "}, {}, "id_number"),
        (BVN | {"id_number": "9" * 201, "send_anyway": "yes"}, {}, "id_number"),
        (BASIC | {"first_name": ""}, {}, "first_name"),
        (BASIC | {"last_name": "B" * 201}, {}, "last_name"),
        (BASIC | {"gender": "X"}, {}, "gender"),
        (BASIC | {"dob": "31.12.1990"}, {}, "dob"),
        (BASIC | {"dob": "1990-02-30"}, {}, "dob"),
        (BASIC | {"dob": "19901231"}, {}, "dob"),
        (BASIC | {"dob": "1990-W01-1"}, {}, "dob"),
        (BASIC | {"dob": (utc_now() + timedelta(days=2)).date().isoformat()}, {}, "dob"),
        (BVN | {"user_id": "a\x1bb"}, {}, "user_id"),
        (BVN | {"job_id": "x" * 201}, {}, "job_id"),
        (BVN | {"job_id": "a\n"}, {}, None),
        (BVN | {"customer_reference": "x" * 201}, {}, "customer_reference"),
        (BVN | {"customer_reference": "a\0b"}, {}, "customer_reference"),
        (AUTHENTICATION | {"user_id": ""}, {"selfie": JPEG}, "user_id"),
        (BVN | {"sandbox_result": "9"}, {}, "sandbox_result"),
        (BIOMETRIC, {}, "selfie"),
        (BIOMETRIC, {"selfie": b""}, "selfie"),
        (BIOMETRIC, {"selfie": b"%PDF"}, "selfie"),
        (BIOMETRIC, {"selfie": JPEG[:300]}, "selfie"),
        (BIOMETRIC, {"selfie": [JPEG, JPEG]}, "selfie"),
        (BIOMETRIC, {"selfie": JPEG, "liveness": [JPEG] * 9}, "liveness"),
        (BIOMETRIC, {"selfie": JPEG, "liveness": [JPEG, b"junk"]}, "liveness"),
        (DOCUMENT, {"selfie": JPEG}, "id_front"),
    ],
)
def test_each_mistake_stands_beside_its_field(values: dict[str, str], pictures: dict[str, Any], field: str | None):
    form, wanted = check(values, pictures)

    assert list(form.errors) == ([field] if field else [])
    assert (wanted is None) == bool(field)
    assert all(message.endswith(".") for message in form.errors.values())


def test_number_against_the_live_pattern_is_an_error_that_no_tick_overrides():
    form, wanted = check(BVN | {"consent": "yes", "send_anyway": "yes"}, catalogue=live())

    assert list(form.errors) == ["id_number"]
    assert wanted is None


def test_number_against_the_shipped_pattern_needs_a_tick():
    form, wanted = check(BVN | {"id_number": "not like a BVN"})
    ticked, sent = check(BVN | {"id_number": "not like a BVN", "send_anyway": "yes"})

    assert wanted is None
    assert "Tick the box" in form.errors["id_number"]
    assert ticked.errors == {}
    assert sent is not None
    assert sent.id_number == "not like a BVN"


def test_consent_is_asked_for_and_sent_with_its_time():
    asked = BVN | {"id_number": "1234"}

    refused, nothing = check(asked, catalogue=live())
    _, wanted = check(asked | {"consent": "yes"}, catalogue=live())

    assert list(refused.errors) == ["consent"]
    assert nothing is None
    assert wanted is not None
    consented = wanted.person["consent_information"]["consented"]
    assert consented["consent_granted_date"].endswith("Z")
    assert consented["personal_details"] is True


def test_known_consent_is_asked_for_without_the_live_list():
    form, _ = check(BVN | {"id_type": "NIN_V2"})

    assert "consent" in form.errors


def test_consent_is_not_claimed_where_nobody_asked():
    _, wanted = check(BVN | {"consent": "yes"})

    assert wanted is not None
    assert wanted.person == {}


def test_bank_is_one_of_the_live_list():
    catalogue = Catalogue(
        {
            "bank_codes": [{"code": "044", "name": "Access Bank"}],
            "hosted_web": {
                "enhanced_kyc": {
                    "NG": {"id_types": {"BANK_ACCOUNT": {"required_fields": [*BASE, "id_number", "bank_code"]}}}
                }
            },
        },
        {},
    )
    asked = BVN | {"id_type": "BANK_ACCOUNT"}

    _, wanted = check(asked | {"bank_code": "044"}, catalogue=catalogue)
    form, _ = check(asked | {"bank_code": "999"}, catalogue=catalogue)

    assert wanted is not None
    assert wanted.person == {"bank_code": "044"}
    assert list(form.errors) == ["bank_code"]


def test_wishes_and_test_numbers_are_the_sandbox_s_alone():
    form, wanted = check(BVN | {"sandbox_result": "1"}, sandbox=False)
    wished, granted = check(BVN | {"sandbox_result": "1"})

    assert list(form.errors) == ["sandbox_result"]
    assert wanted is None
    assert form.test_numbers == []
    assert granted is not None
    assert granted.partner_params == {"sandbox_result": "1"}
    assert ("00000000001", "not found") in wished.test_numbers


def test_only_what_the_choice_asks_for_is_sent():
    _, wanted = check(BVN | {"first_name": "Amina", "dob": "1990-12-31", "bank_code": "044"})

    assert wanted is not None
    assert wanted.person == {}


def test_back_is_asked_for_only_where_there_is_one():
    choices = SHIPPED.id_choices(Product.DOCUMENT_VERIFICATION, "NG")
    without = next(choice for choice in choices if choice.id_type and not choice.has_back)
    with_back = next(choice for choice in choices if choice.has_back)

    asked = {
        choice.id_type: [name for name, _ in check(DOCUMENT | {"id_type": choice.id_type})[0].image_fields]
        for choice in (without, with_back)
    }

    assert "id_back" not in asked[without.id_type]
    assert "id_back" in asked[with_back.id_type]


def test_pictures_are_sent_as_jpeg_under_their_types():
    _, wanted = check(DOCUMENT, PICTURES | {"id_front": PNG})

    assert wanted is not None
    assert [image.image_type for image in wanted.images] == [ImageType.SELFIE_FILE, ImageType.ID_FRONT_FILE]
    assert all(image.content.startswith(b"\xff\xd8") for image in wanted.images)
