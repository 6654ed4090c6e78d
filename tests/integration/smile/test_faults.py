"""Each fault of the simulator against each call of our client: the right error, with true facts, and never another."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dashboard.smile import Refused, SmileError, TransportFailed
from tests.integration.smile.clients import BVN, POLLED, Client, our_client, params, selfie
from tests.integration.smile.simulator import Simulator

READ_TRIES = 3
#: Nobody listens there.
NOWHERE = "http://127.0.0.1:9"


class Call(NamedTuple):
    """ready(client, folder) does what has to go well first, and returns what then meets the fault."""

    path: str
    is_question: bool
    ready: Callable[[Client, Path], Callable[[Client], Any]]


def _upload(_client: Client, folder: Path) -> Callable[[Client], Any]:
    return lambda client: client.web_api.submit_job(params(4), [selfie(folder)])


def _zip(client: Client, folder: Path) -> Callable[[Client], Any]:
    job = params(4)
    address = client.web_api.prepare_upload(job)["upload_url"]
    return lambda client: client.web_api.upload_zip(address, job, [selfie(folder)])


def _job_status(client: Client, _folder: Path) -> Callable[[Client], Any]:
    job = params(5)
    client.id_api.submit_job(job, BVN)
    return lambda client: client.job_status(job)


def _lookup(_client: Client, _folder: Path) -> Callable[[Client], Any]:
    return lambda client: client.id_api.submit_job(params(5), BVN)


def _token(_client: Client, _folder: Path) -> Callable[[Client], Any]:
    return lambda client: client.web_token("user-1", "job-1", "biometric_kyc")


def _services(_client: Client, _folder: Path) -> Callable[[Client], Any]:
    return lambda client: client.services.services()


CALLS = {
    "prep upload": Call("/v1/upload", False, _upload),
    "zip": Call("/uploads/*", False, _zip),
    "job status": Call("/v1/job_status", True, _job_status),
    "lookup": Call("/v1/id_verification", False, _lookup),
    "web token": Call("/v1/token", False, _token),
    "services": Call("/v1/services", True, _services),
}
SLOW = {"mode": "delay", "delay_seconds": 0.9}
FAULTS: dict[str, tuple[dict[str, Any], type[SmileError], str]] = {
    "500 before": ({"mode": "status", "status": 500, "when": "before"}, Refused, "the server has a problem"),
    "503 after": ({"mode": "status", "status": 503, "when": "after"}, Refused, "the server has a problem"),
    "slow before": ({**SLOW, "when": "before"}, TransportFailed, "did not answer in time"),
    "slow after": ({**SLOW, "when": "after"}, TransportFailed, "did not answer in time"),
    "dropped before": ({"mode": "drop", "when": "before"}, TransportFailed, "connection to Smile broke"),
    "dropped after": ({"mode": "drop", "when": "after"}, TransportFailed, "connection to Smile broke"),
    "garbage": ({"mode": "garbage"}, TransportFailed, "could not be understood"),
    "garbage of a gateway": ({"mode": "garbage", "status": 502}, Refused, "the server has a problem"),
    "cut off": ({"mode": "truncate"}, TransportFailed, "broke off before its end"),
}


@pytest.fixture(autouse=True)
def no_fault_stays(simulator: Simulator) -> Iterator[None]:
    yield
    simulator.control("DELETE", "faults")


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", CALLS)
def test_fault_raises_the_right_error(simulator: Simulator, image_folder: Path, call: str, fault: str) -> None:
    path, is_question, ready = CALLS[call]
    settings, kind, words = FAULTS[fault]
    read_timeout = 0.3 if settings["mode"] == "delay" else 10.0
    with our_client(simulator.v1) as patient, our_client(simulator.v1, timeout=(5.0, read_timeout)) as client:
        # What goes well first may take its time.
        run = ready(patient, image_folder)
        simulator.control("POST", "faults", path=path, **settings)

        with pytest.raises(SmileError) as raised:
            run(client)

    error = raised.value
    assert type(error) is kind
    assert words in str(error)
    # After any of these nobody but Smile knows what was done, and asking again may help.
    assert (error.may_retry, error.maybe_sent) == (True, True)
    assert getattr(error, "status", None) == (settings["status"] if kind is Refused else None)
    assert (error.__cause__, error.__context__) == (None, None)
    assert simulator.times_struck() == (READ_TRIES if is_question else 1)


@pytest.mark.parametrize("fault", ["500 before", "dropped after", "garbage", "cut off"])
@pytest.mark.parametrize("call", ["job status", "services"])
def test_a_question_is_asked_again(simulator: Simulator, image_folder: Path, call: str, fault: str) -> None:
    path, _, ready = CALLS[call]
    with our_client(simulator.v1) as client:
        run = ready(client, image_folder)
        simulator.control("POST", "faults", path=path, times=1, **FAULTS[fault][0])

        answer = run(client)

    assert answer.get("job_complete") is True or "hosted_web" in answer
    assert simulator.times_struck() == 1


@pytest.mark.parametrize(("status", "may_retry"), [(429, True), (403, False), (301, False)])
@pytest.mark.parametrize("call", CALLS)
def test_refusal_of_a_gateway_sent_nothing(
    simulator: Simulator, image_folder: Path, call: str, status: int, may_retry: bool
) -> None:
    path, _, ready = CALLS[call]
    with our_client(simulator.v1) as client:
        run = ready(client, image_folder)
        simulator.control("POST", "faults", path=path, mode="status", status=status)

        with pytest.raises(Refused) as refused:
            run(client)

    assert (refused.value.status, refused.value.may_retry) == (status, may_retry)
    assert refused.value.maybe_sent is False


UNPREPARED: dict[str, Callable[[Client, Path], Any]] = {
    "prep upload": lambda client, folder: client.web_api.submit_job(params(4), [selfie(folder)]),
    "zip": lambda client, folder: client.web_api.upload_zip(f"{NOWHERE}/zip", params(4), [selfie(folder)]),
    "job status": lambda client, _: client.job_status(params(5)),
    "lookup": lambda client, _: client.id_api.submit_job(params(5), BVN),
    "web token": lambda client, _: client.web_token("user-1", "job-1", "biometric_kyc"),
    "services": lambda client, _: client.services.services(),
}


@pytest.mark.parametrize("call", UNPREPARED)
def test_server_that_is_not_there_was_sent_nothing(image_folder: Path, call: str) -> None:
    with our_client(f"{NOWHERE}/v1") as client, pytest.raises(TransportFailed) as failed:
        UNPREPARED[call](client, image_folder)

    assert (failed.value.may_retry, failed.value.maybe_sent) == (True, False)


@pytest.mark.parametrize("fault", ["500 before", "dropped before", "garbage", "cut off"])
def test_job_whose_zip_fails_can_be_finished_for_one_charge(
    simulator: Simulator, image_folder: Path, fault: str
) -> None:
    job, images = params(4), [selfie(image_folder)]
    with our_client(simulator.v1) as client:
        prepared = client.web_api.prepare_upload(job)
        simulator.control("POST", "faults", path="/uploads/*", times=1, **FAULTS[fault][0])
        with pytest.raises(SmileError):
            client.web_api.upload_zip(prepared["upload_url"], job, images)

        client.web_api.upload_zip(prepared["upload_url"], job, images)

    assert simulator.job(job["job_id"])["charged"] == 1


def test_error_after_the_first_step_names_smiles_job(simulator: Simulator, image_folder: Path) -> None:
    job = params(4)
    simulator.control("POST", "faults", path="/uploads/*", mode="drop")

    with our_client(simulator.v1) as client, pytest.raises(TransportFailed) as failed:
        client.web_api.submit_job(job, [selfie(image_folder)])

    assert failed.value.smile_job_id == simulator.job(job["job_id"])["smile_job_id"]


def test_waiting_survives_a_status_that_fails_once(simulator: Simulator, image_folder: Path) -> None:
    simulator.control("POST", "faults", path="/v1/job_status", mode="drop", times=2)

    with our_client(simulator.v1) as client:
        status = client.web_api.submit_job(params(4), [selfie(image_folder)], {}, POLLED)

    assert status["result"]["ResultCode"] == "0810"
    assert simulator.times_struck() == 2
