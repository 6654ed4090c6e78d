"""Web tokens: Smile's own client beside ours, for every product name that either knows."""

import base64
import json
from typing import Any

import pytest
import requests

from dashboard.smile import Refused
from dashboard.smile.constants import WEB_PRODUCTS
from tests.integration.smile.clients import official_client, our_client
from tests.integration.smile.simulator import PARTNER_ID, Simulator


def claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))


def without_times(answer: dict[str, Any]) -> dict[str, Any]:
    """What two tokens for the same job have in common: all but when they were made."""
    said = claims(str(answer["token"]))
    assert said["exp"] > said.pop("iat")
    del said["exp"]
    return {**{name: value for name, value in answer.items() if name != "token"}, "claims": said}


@pytest.mark.parametrize("product", sorted(set(WEB_PRODUCTS.values())))
def test_both_clients_get_the_same_token(simulator: Simulator, product: str) -> None:
    job = ("user-1", "job-1", product)

    theirs = official_client(simulator.v1).web_token(*job)
    with our_client(simulator.v1) as client:
        ours = client.web_token(*job)

    assert without_times(ours) == without_times(theirs)
    for answer in (ours, theirs):
        config = {"partner_id": PARTNER_ID, "token": answer["token"]}
        assert requests.post(f"{simulator.v1}/products_config", json=config, timeout=30).status_code == 200


def test_both_get_a_token_by_the_name_of_the_oldest_page(simulator: Simulator) -> None:
    """Smile's script knows document verification as doc_verification, which ours asks for."""
    theirs = official_client(simulator.v1).web_token("user-1", "job-1", "document_verification")
    with our_client(simulator.v1) as client:
        ours = client.web_token("user-1", "job-1", "document_verification")

    for answer in (theirs, ours):
        assert claims(answer["token"])["partner_params"]["job_type"] == 6


def test_unknown_product_is_refused_to_both(simulator: Simulator) -> None:
    theirs = official_client(simulator.v1).web_token("user-1", "job-1", "nothing")

    with our_client(simulator.v1) as client, pytest.raises(Refused) as refused:
        client.web_token("user-1", "job-1", "nothing")

    assert theirs["code"] == refused.value.code == "2217"
