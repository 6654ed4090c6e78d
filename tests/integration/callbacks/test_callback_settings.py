"""Keys, networks and the test callback on a deployment that runs: nothing is started again, nothing is lost."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
import requests
import trustme

from dashboard.db import utc_now
from tests.factories.callbacks import make_payload, sign, timestamp_at
from tests.integration.callbacks.servers import forward_to, listening
from tests.integration.conftest import API_KEY, Deployment, Staff, free_port

pytestmark = pytest.mark.both_engines

Deploy = Callable[..., Deployment]
PAGE = "/settings/callbacks"
NEW_KEY = "integration-api-key-0002"


def send(url: str, api_key: str, job_id: str, **headers: str) -> int:
    now = timestamp_at(utc_now()).replace("Z", f"{time.monotonic_ns() % 10**6:06d}Z")
    payload = make_payload(job_id=job_id, timestamp=now, signature=sign(now, api_key))
    return requests.post(f"{url}/hooks/smile", json=payload, headers=headers, timeout=30).status_code


def key_id(ada: Staff, number: int) -> str:
    keys = ada.get(f"{PAGE}.json").json()["keys"]
    return str(next(key["id"] for key in keys if key["number"] == number))


def test_rotation_in_mid_flight_loses_nothing(deploy: Deploy) -> None:
    deployment = deploy("web")
    ada = deployment.staff("ada")
    assert send(deployment.web_url, NEW_KEY, "too-early") == 401
    assert ada.post(f"{PAGE}/keys", {"api_key": NEW_KEY}).status_code == 303
    assert send(deployment.web_url, NEW_KEY, "at-once") == 200
    stop = {API_KEY: Event(), NEW_KEY: Event()}

    def keep_sending(api_key: str, sender: int) -> list[int]:
        statuses: list[int] = []
        while not stop[api_key].is_set():
            statuses.append(send(deployment.web_url, api_key, f"rotation-{sender}-{len(statuses)}"))
        return statuses

    with ThreadPoolExecutor(4) as pool:
        sending = [pool.submit(keep_sending, api_key, at) for at, api_key in enumerate((API_KEY, NEW_KEY) * 2)]
        try:
            time.sleep(0.5)
            assert ada.post(f"{PAGE}/keys/{key_id(ada, 2)}/signing").status_code == 303
            time.sleep(0.5)
            stop[API_KEY].set()
            sending[0].result(10)
            sending[2].result(10)
            assert ada.post(f"{PAGE}/keys/{key_id(ada, 1)}/retirement").status_code == 303
            time.sleep(0.5)
        finally:
            for event in stop.values():
                event.set()
        statuses = [status for future in sending for status in future.result(10)]

    assert set(statuses) == {200}
    assert len(statuses) > 40
    assert send(deployment.web_url, API_KEY, "after") == 401
    stored = ada.get("/callbacks.json?q=rotation-").json()
    assert stored["count"] == len(statuses)
    assert NEW_KEY not in deployment.logs()


def check(ada: Staff) -> str:
    answer = ada.post(f"{PAGE}/checks")
    assert answer.status_code == 200, answer.headers.get("Location")
    return answer.text


def test_test_callback_arrives_and_leaves_nothing_behind(deploy: Deploy) -> None:
    deployment = deploy("web")
    ada = deployment.staff("ada")

    page = check(ada)

    assert "The test callback arrived as it should." in page
    assert "It was stored here as valid, and then removed." in page
    assert "It appeared to come from 127.0.0.1, with no proxy in between." in page
    assert ada.get("/callbacks.json").json()["count"] == 0


def test_public_address_where_nothing_listens(deploy: Deploy) -> None:
    deployment = deploy("web", DASHBOARD_PUBLIC_URL=f"http://127.0.0.1:{free_port()}")

    assert "refuses connections" in check(deployment.staff("ada"))


def test_proxy_that_is_not_known_of_is_found(deploy: Deploy) -> None:
    port = free_port()
    deployment = deploy("web", DASHBOARD_PUBLIC_URL=f"http://127.0.0.1:{port}")

    with listening(forward_to(deployment.web_url), port=port):
        page = check(deployment.staff("ada"))

    assert "It passed through one proxy, but the setting says no proxy." in page
    assert "set DASHBOARD_TRUSTED_PROXIES to 1" in page


def test_through_a_proxy_with_tls_and_a_list_of_networks(
    deploy: Deploy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, port = trustme.CA(), free_port()
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    public_url = f"https://127.0.0.1:{port}"
    proxied = {"DASHBOARD_PUBLIC_URL": public_url, "DASHBOARD_TRUSTED_PROXIES": "1", "SSL_CERT_FILE": str(ca_file)}
    deployment = deploy("web", **proxied)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(ca_file))

    with listening(forward_to(deployment.web_url, "198.51.100.7"), authority.issue_cert("127.0.0.1"), port):
        deployment.web_url = public_url
        ada = deployment.staff("ada")
        page = check(ada)
        assert "The test callback arrived as it should." in page
        assert "issued by trustme" in page
        assert "It appeared to come from 198.51.100.7, through one proxy, as configured." in page

        assert ada.post(f"{PAGE}/networks", {"networks": "203.0.113.0/24"}).status_code == 303
        # What a sender claims itself does not count; only what the proxy adds does.
        forged = {"X-Forwarded-For": "203.0.113.9"}
        assert send(public_url, API_KEY, "forged", **forged) == 403
        page = check(ada)
        assert "Callbacks from 198.51.100.7 are not allowed." in page
        assert "the list of source networks works as intended" in page
        assert ada.get("/callbacks.json").json()["count"] == 0

        assert ada.post(f"{PAGE}/networks", {"networks": "203.0.113.0/24\n198.51.100.7"}).status_code == 303
        assert send(public_url, API_KEY, "named") == 200
        assert "The test callback arrived as it should." in check(ada)
