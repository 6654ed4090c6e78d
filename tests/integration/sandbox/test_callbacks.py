"""Callbacks over real HTTP: signed, tried again, and wrong in each way that the switch offers."""

import base64
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import padding

from dashboard.sandbox.server import SandboxServer
from tests.integration.sandbox.conftest import Receiver
from tests.unit.sandbox import calls


def submit(server: SandboxServer, url: str, job_id: str = "job-1", **changes: Any) -> None:
    wished = changes.pop("params", {})
    user_id = f"user-of-{job_id}"
    body = calls.upload_body(calls.params(job_id, user_id=user_id, **wished), callback_url=url, **changes)
    prepared = requests.post(f"{server.url}/v1/upload", json=body, timeout=30).json()
    requests.put(
        prepared["upload_url"],
        data=calls.make_zip(),
        headers={"Content-Type": "application/zip"},
        timeout=30,
    ).raise_for_status()


def switch(server: SandboxServer, **settings: Any) -> None:
    requests.post(f"{server.url}/_sandbox/callbacks", json=settings, timeout=30).raise_for_status()


def report(server: SandboxServer, job_id: str = "job-1") -> dict[str, Any]:
    found: dict[str, Any] = requests.get(f"{server.url}/_sandbox/jobs.json", timeout=30).json()[job_id]
    return found


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_signed(body: dict[str, Any]) -> bool:
    return body["signature"] == calls.hmac_signature(body["timestamp"])


def age_seconds(body: dict[str, Any]) -> float:
    return (datetime.now(UTC) - datetime.fromisoformat(body["timestamp"])).total_seconds()


def test_callback_is_freshly_signed_and_reported(server: SandboxServer, receiver: Receiver) -> None:
    submit(server, receiver.url)

    [body] = receiver.wait_for(1)
    wait_until(lambda: any(sent["attempts"] for sent in report(server)["callbacks"]))

    assert is_signed(body)
    assert 0 <= age_seconds(body) < 5
    [sent] = report(server)["callbacks"]
    assert (sent["attempts"][0]["status"], sent["next_attempt_at"]) == (200, None)


def test_refused_callback_is_tried_three_more_times(server: SandboxServer, receiver: Receiver) -> None:
    receiver.answers = [500, 404, 302, 500, 500]
    submit(server, receiver.url)

    bodies = receiver.wait_for(4)
    wait_until(lambda: len(report(server)["callbacks"][0]["attempts"]) == 4)

    assert len({body["signature"] for body in bodies}) == 4
    assert all(is_signed(body) for body in bodies)
    assert [answer["status"] for answer in report(server)["callbacks"][0]["attempts"]] == [500, 404, 302, 500]
    assert report(server)["callbacks"][0]["next_attempt_at"] is None


def test_accepted_attempt_ends_the_tries(server: SandboxServer, receiver: Receiver) -> None:
    receiver.answers = [503]
    submit(server, receiver.url)

    receiver.wait_for(2)
    wait_until(lambda: len(report(server)["callbacks"][0]["attempts"]) == 2)

    assert report(server)["callbacks"][0]["next_attempt_at"] is None


def test_address_where_nobody_listens_is_named_without_its_path(server: SandboxServer) -> None:
    submit(server, "http://127.0.0.1:9/hooks/secret-key")

    wait_until(lambda: any(sent["attempts"] for sent in report(server)["callbacks"]))

    attempt = report(server)["callbacks"][0]["attempts"][0]
    assert (attempt["status"], attempt["error"]) == (None, "ConnectionError")


def test_default_address_serves_jobs_that_name_none(serve: Callable[..., SandboxServer], receiver: Receiver) -> None:
    submit(serve(default_callback_url=receiver.url), "")

    assert len(receiver.wait_for(1)) == 1


def test_never_sends_nothing(server: SandboxServer, receiver: Receiver) -> None:
    switch(server, mode="never")
    submit(server, receiver.url)

    wait_until(lambda: report(server)["state"] == "complete")

    assert report(server)["callbacks"] == []


def test_duplicate_sends_the_same_bytes_twice(server: SandboxServer, receiver: Receiver) -> None:
    switch(server, mode="duplicate")
    submit(server, receiver.url)

    receiver.wait_for(2)

    assert receiver.bodies[0] == receiver.bodies[1]


def test_bad_signature_has_the_form_but_not_the_value(server: SandboxServer, receiver: Receiver) -> None:
    switch(server, mode="bad_signature")
    submit(server, receiver.url)

    [body] = receiver.wait_for(1)

    assert len(base64.b64decode(body["signature"])) == 32
    assert not is_signed(body)


def test_stale_is_old_but_rightly_signed(server: SandboxServer, receiver: Receiver) -> None:
    switch(server, mode="stale")
    submit(server, receiver.url)

    [body] = receiver.wait_for(1)

    assert is_signed(body)
    assert age_seconds(body) > 3000


@pytest.mark.parametrize(("wish", "truth", "claim"), [("0", "0810", "0841"), ("1", "0841", "0810")])
def test_lying_claims_the_opposite_of_job_status(
    server: SandboxServer, receiver: Receiver, wish: str, truth: str, claim: str
) -> None:
    switch(server, mode="lying")
    submit(server, receiver.url, params={"sandbox_result": wish})

    [body] = receiver.wait_for(1)

    assert (body["ResultCode"], report(server)["result_code"]) == (claim, truth)
    assert is_signed(body)


def test_out_of_order_sends_the_final_result_first(server: SandboxServer, receiver: Receiver) -> None:
    switch(server, mode="out_of_order")
    submit(server, receiver.url, params={"sandbox_result": "2"})

    bodies = receiver.wait_for(2)

    assert [body["ResultCode"] for body in bodies] == ["1210", "0814"]


def test_out_of_order_lets_the_next_job_overtake(serve: Callable[..., SandboxServer], receiver: Receiver) -> None:
    # Long enough for a whole second submission on a busy machine.
    server = serve(out_of_order_gap_seconds=1.5)
    switch(server, mode="out_of_order")
    submit(server, receiver.url, "job-1")
    wait_until(lambda: report(server, "job-1")["state"] == "complete")
    submit(server, receiver.url, "job-2")

    bodies = receiver.wait_for(2)

    assert [body["PartnerParams"]["job_id"] for body in bodies] == ["job-2", "job-1"]


def test_delay_holds_callbacks_back(server: SandboxServer, receiver: Receiver) -> None:
    switch(server, mode="normal", delay_seconds=0.3)
    submit(server, receiver.url)
    wait_until(lambda: report(server)["state"] == "complete")

    before = len(receiver.bodies)
    receiver.wait_for(1)

    assert before == 0


def test_job_submitted_with_a_sec_key_is_called_back_with_one(server: SandboxServer, receiver: Receiver) -> None:
    public = server.sandbox.signer.legacy_key.public_key()
    trio = calls.sec_key_signed(public, int(time.time()), "smile_client_id")
    submit(server, receiver.url, signature=None, **trio)

    [body] = receiver.wait_for(1)

    sealed, _, clear = body["signature"].partition("|")
    opened = public.recover_data_from_signature(base64.b64decode(sealed), padding.PKCS1v15(), None)
    assert isinstance(body["timestamp"], int)
    assert opened.decode() == clear


def test_asynchronous_lookup_calls_back_with_the_photo_inline(server: SandboxServer, receiver: Receiver) -> None:
    body = calls.lookup_body(calls.params(job_type=5), callback_url=receiver.url)

    accepted = requests.post(f"{server.url}/v1/async_id_verification", json=body, timeout=30)
    [callback] = receiver.wait_for(1)

    assert accepted.json() == {"success": True}
    assert base64.b64decode(callback["Photo"]).startswith(b"\xff\xd8\xff")
    assert is_signed(callback)
