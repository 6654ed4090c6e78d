"""Nine faults, in turn, on every operation of v3: the right error each time, and nothing is submitted twice."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

import pytest
from flask import Flask

from dashboard.sandbox.faults import Fault
from dashboard.sandbox.state import Sandbox
from dashboard.sandbox.world.store import User
from dashboard.smile import Refused, SmileError, TransportFailed
from dashboard.smile.transport import READ_TRIES
from dashboard.smile.v3 import Client, NewLink
from tests.factories.in_process import InProcess
from tests.unit.sandbox.v3.conftest import client_of, run_all
from tests.unit.smile.v3.examples import REQUESTS

LINK = NewLink(
    name="KYC",
    id_types=[{"country": "NG", "id_type": "BVN", "verification_method": "biometric_kyc"}],
    notice_privacy_policy_url="https://partner.example/privacy",
    is_single_use=False,
)


class Operation(NamedTuple):
    """run: calls it, given the client and a finished job. is_question: it changes nothing, so it is asked again."""

    path: str
    is_question: bool
    run: Callable[[Client, str], Any]


def submission(name: str) -> Operation:
    return Operation(f"/v3/{name}", False, lambda client, _: client.verifications.submit(REQUESTS[name]))


OPERATIONS = {
    **{name: submission(name) for name in REQUESTS},
    "token": Operation("/v3/token", True, lambda client, _: client.create_token(product="enhanced_kyc")),
    "token of a submission": Operation(
        "/v3/token", True, lambda client, _: client.verifications.submit(REQUESTS["enhanced_kyc"])
    ),
    "enhanced_kyc/sync": Operation(
        "/v3/enhanced_kyc/sync", False,
        lambda client, _: client.verifications.look_up(REQUESTS["enhanced_kyc"]),  # type: ignore[arg-type]
    ),
    "aml/sync": Operation(
        "/v3/aml/sync", False,
        lambda client, _: client.verifications.screen(REQUESTS["aml"], "k" * 16),  # type: ignore[arg-type]
    ),
    "status": Operation("/v3/status/*", True, lambda client, job_id: client.jobs.status(job_id)),
    "replay": Operation("/v3/replay/*", False, lambda client, job_id: client.jobs.replay(job_id)),
    "flag": Operation(
        "/v3/users/*", False,
        lambda client, _: client.jobs.flag_fraud("user-1", reported_by="a@b.example", reason="MULE_ACCOUNT"),
    ),
    "clear": Operation(
        "/v3/users/*", False,
        lambda client, _: client.jobs.clear_fraud("user-1", reported_by="a@b.example", notes="A mistake."),
    ),
    "news": Operation(
        "/v3/aml/monitoring/*", True, lambda client, job_id: client.verifications.news(job_id, "ref", "narcotics")
    ),
    "link": Operation("/v3/smile_links", False, lambda client, _: client.links.create(LINK)),
    "one link": Operation(
        "/v3/smile_links/*", True, lambda client, _: client.links.get("0191b0a2-5c5e-7cc0-9a1f-7e3b1c9d2e11")
    ),
    "banks": Operation("/v3/services/bank_codes", True, lambda client, _: client.services.bank_codes()),
    "ID types": Operation("/v3/services/supported_id_types", True, lambda c, _: c.services.supported_id_types("NG")),
    "documents": Operation(
        "/v3/services/supported_documents", True, lambda c, _: c.services.supported_documents(country_code="NG")
    ),
    "id status": Operation("/v3/services/id_status", True, lambda c, _: c.services.id_status("NG", "BVN")),
    "config": Operation("/v3/services/config", True, lambda client, _: client.services.config()),
}  # fmt: skip
SLOW = {"mode": "delay", "delay_seconds": 0.02}
FAULTS: dict[str, tuple[dict[str, Any], type[SmileError]]] = {
    "500 before": ({"mode": "status", "when": "before", "status": 500}, Refused),
    "503 after": ({"mode": "status", "when": "after", "status": 503}, Refused),
    "slow before": ({**SLOW, "when": "before"}, TransportFailed),
    "slow after": ({**SLOW, "when": "after"}, TransportFailed),
    "dropped before": ({"mode": "drop", "when": "before"}, TransportFailed),
    "dropped after": ({"mode": "drop", "when": "after"}, TransportFailed),
    "garbage": ({"mode": "garbage", "when": "before", "status": 200}, TransportFailed),
    "garbage of a gateway": ({"mode": "garbage", "when": "before", "status": 502}, Refused),
    "cut off": ({"mode": "truncate", "when": "after"}, TransportFailed),
}


@pytest.fixture
def job_id(smile: Client, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> str:
    """A finished job of an enrolled user. Retries do not wait."""
    monkeypatch.setattr("dashboard.smile.transport.RETRY_WAIT_SECONDS", 0.0)
    sandbox.store.save_user(User("user-1", enrolled=True))
    found = smile.verifications.submit(REQUESTS["enhanced_kyc"]).job_id
    run_all(sandbox)
    return found


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_fault_ends_in_the_right_error(
    app: Flask, sandbox: Sandbox, webhooks: list[Any], job_id: str, name: str
) -> None:
    path, is_question, run = OPERATIONS[name]
    for title, (settings, kind) in FAULTS.items():
        adapter = InProcess(app)
        client = client_of(adapter, timeout=0.01 if settings["mode"] == "delay" else 5.0)
        fault = Fault(path, **settings)
        before = _made(sandbox)
        sandbox.faults.add(fault)

        with pytest.raises(SmileError) as caught:
            run(client, job_id)

        sandbox.faults.clear()
        error = caught.value
        assert type(error) is kind, title
        assert getattr(error, "status", None) == (settings["status"] if kind is Refused else None), title
        # Without a token the submission itself has not left.
        assert (error.may_retry, error.maybe_sent) == (True, name != "token of a submission"), title
        assert (error.__cause__, error.__context__) == (None, None), title
        assert fault.struck == (READ_TRIES if is_question else 1), title
        # What struck before the work was done leaves nothing behind.
        nothing = is_question or (settings["when"] == "before" and settings["mode"] != "delay")
        assert _made(sandbox) - before <= (0 if nothing else 1), title
        posts = [each for each in adapter.calls if each[0] == "POST" and each[1] != "/v3/token"]
        assert len(posts) <= 1, title


def _made(sandbox: Sandbox) -> int:
    return len(sandbox.store.jobs) + len(sandbox.store.links)


@pytest.mark.parametrize("name", [name for name, operation in OPERATIONS.items() if operation.is_question])
def test_question_is_asked_again(app: Flask, sandbox: Sandbox, job_id: str, name: str) -> None:
    path, _, run = OPERATIONS[name]
    fault = Fault(path, "status", "before", status=503, times=1)
    sandbox.faults.add(fault)
    adapter = InProcess(app)

    with suppress(Refused):  # Some of these name nothing that is there.
        run(client_of(adapter), job_id)

    assert fault.struck == 1
    sent = [called for called in adapter.calls if called[1].startswith(path.rstrip("*"))]
    assert len(sent) == 2


@pytest.mark.parametrize(("status", "may_retry"), [(429, True), (403, False), (301, False)])
@pytest.mark.parametrize("name", OPERATIONS)
def test_refusal_of_a_gateway_sent_nothing(
    app: Flask, sandbox: Sandbox, job_id: str, name: str, status: int, may_retry: bool
) -> None:
    path, _, run = OPERATIONS[name]
    sandbox.faults.add(Fault(path, "status", "before", status=status))

    with pytest.raises(Refused) as refused:
        run(client_of(InProcess(app)), job_id)

    assert (refused.value.status, refused.value.may_retry, refused.value.maybe_sent) == (status, may_retry, False)
