"""Making a link: the code and what is kept of it, and what the rules refuse."""

import re
from datetime import timedelta

import pytest

from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.errors import Invalid
from dashboard.jobs.products import Product
from dashboard.links.codes import digest_of_code, new_code
from dashboard.links.creation import link_address, prefill_of
from dashboard.links.models import IdTypeChoice
from dashboard.stored_settings import Branding, write_branding
from tests.factories.links import TWO_CHOICES, make_link, reload_link

pytestmark = pytest.mark.both_engines

AMINA = {"id_number": "22212345678", "first_name": "Amina", "last_name": "Bello"}


def test_codes_are_long_safe_in_an_address_and_never_the_same():
    codes = {new_code() for _ in range(1000)}

    assert len(codes) == 1000
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{32}", code) for code in codes)


def test_a_link_keeps_a_digest_of_its_code_and_not_the_code(database: Database, settings: Settings):
    link, code = make_link(database, settings)

    assert link.code_digest == digest_of_code(code)
    assert code not in repr(reload_link(database, link))
    assert link_address(settings, code) == f"http://localhost/v/{code}"


def test_a_link_works_once_for_seven_days_unless_asked_otherwise(database: Database, settings: Settings):
    link, _ = make_link(database, settings)

    assert link.uses_allowed == 1
    assert timedelta(days=6, hours=23) < link.expires_at - utc_now() <= timedelta(days=7)
    assert link.is_open(utc_now())


def test_filled_in_details_are_sealed(database: Database, settings: Settings):
    link, _ = make_link(database, settings, prefill=AMINA, prefill_is_locked=True)

    assert b"Amina" not in (link.prefill_sealed or b"")
    assert link.prefill_is_locked
    with database.reading() as session:
        assert prefill_of(session, link) == AMINA


def test_a_link_without_details_has_nothing_to_lock(database: Database, settings: Settings):
    link, _ = make_link(database, settings, prefill={"first_name": ""}, prefill_is_locked=True)

    assert link.prefill_sealed is None
    assert not link.prefill_is_locked


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"product": None}, "product"),
        ({"choices": TWO_CHOICES, "product": Product.BASIC_KYC}, "product"),
        ({"product": Product.BUSINESS_VERIFICATION}, "product"),
        ({"choices": (IdTypeChoice("NG", "BVN", "business_verification"),)}, "choices"),
        ({"choices": (IdTypeChoice("", "BVN", "biometric_kyc"),)}, "choices"),
        ({"product": Product.SMARTSELFIE_AUTHENTICATION, "country": "", "id_type": ""}, "user_id"),
        ({"user_id": "user-1", "uses": 2}, "uses"),
        ({"country": ""}, "country"),
        ({"id_type": "", "prefill": AMINA}, "id_type"),
        ({"prefill": AMINA, "uses": 2}, "uses"),
        ({"prefill": {"allow_modification": "1"}}, "prefill"),
        ({"uses": 0}, "uses"),
        ({"uses": 10_001}, "uses"),
        ({"expires_in_days": 0}, "expires_in_days"),
        ({"expires_in_days": 91}, "expires_in_days"),
        ({"language": "de"}, "language"),
        ({"return_url": "https://elsewhere.example.com/"}, "return_url"),
    ],
)
def test_what_a_link_cannot_be_is_refused_with_its_field(
    database: Database, settings: Settings, wanted: dict[str, object], field: str
):
    with pytest.raises(Invalid) as refused:
        make_link(database, settings, **wanted)

    assert field in refused.value.fields


def test_a_return_address_that_the_settings_allow_is_taken(database: Database, settings: Settings):
    with database.transaction() as session:
        write_branding(session, Branding(return_urls=("https://kora.example.com/done",)), utc_now())

    link, _ = make_link(database, settings, return_url="https://kora.example.com/done")

    assert link.return_url == "https://kora.example.com/done"
