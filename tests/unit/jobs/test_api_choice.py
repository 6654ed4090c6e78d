"""Which API a product uses: chosen for each environment, and only what Smile offers."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dashboard.db import Database
from dashboard.jobs.products import FACTS, Product
from dashboard.jobs.smile_api.api_choice import api_of, choose_apis, chosen_apis, policy_address
from dashboard.smile.constants import SmileApi
from dashboard.stored_settings import Branding, write_branding
from tests.conftest import make_settings

pytestmark = pytest.mark.both_engines
NOW = datetime(2026, 11, 29, 9, 30, tzinfo=UTC)


def test_a_choice_is_of_one_environment(database: Database, tmp_path: Path) -> None:
    sandbox, live = make_settings(tmp_path), make_settings(tmp_path, smile_server="1")

    with database.transaction() as session:
        choose_apis(session, sandbox, {Product.ENHANCED_KYC: SmileApi.V3}, NOW)

        assert chosen_apis(session, sandbox)[Product.ENHANCED_KYC] == SmileApi.V3
        assert set(chosen_apis(session, live).values()) == {SmileApi.V1}


def test_a_product_of_one_api_follows_it_whatever_is_stored(database: Database, tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    with database.transaction() as session:
        choose_apis(session, settings, dict.fromkeys(FACTS, SmileApi.V3), NOW)

        assert {product for product in FACTS if api_of(session, settings, product) == SmileApi.V1} == {
            Product.BASIC_KYC,
            Product.BUSINESS_VERIFICATION,
        }


@pytest.mark.parametrize(
    ("address", "found"),
    [("https://kora.example/a", "https://kora.example/a"), ("http://kora.example", "")],
)
def test_only_a_policy_over_https_counts(database: Database, tmp_path: Path, address: str, found: str) -> None:
    with database.transaction() as session:
        write_branding(session, Branding(policy_url=address), NOW)

        assert policy_address(session, make_settings(tmp_path)) == found
