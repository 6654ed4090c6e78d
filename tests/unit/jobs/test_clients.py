"""The clients of one deployment: those of v1 work whatever v3 thinks of the partner id."""

from pathlib import Path

import pytest

from dashboard.jobs.smile_api.clients import ClientFactory
from dashboard.smile import InvalidRequest
from dashboard.smile_keys import ApiKey, ApiKeys
from tests.conftest import make_settings

KEY = ApiKey(1, "test-api-key-0001")
KEYS = ApiKeys(KEY, (KEY,))


@pytest.mark.parametrize("partner_id", ["acme", "000", "2314a"])
def test_a_partner_id_that_v3_refuses_leaves_v1_as_it_was(tmp_path: Path, partner_id: str) -> None:
    clients = ClientFactory(make_settings(tmp_path, smile_partner_id=partner_id)).clients(KEYS)

    assert clients.web_api
    for name in ("v3", "v3_pages"):
        with pytest.raises(InvalidRequest, match="partner_id"):
            _ = getattr(clients, name).jobs
