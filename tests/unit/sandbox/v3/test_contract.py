"""The contract of July 2026: what our client sends and the simulator answers fits it, but for listed differences.

contract.json holds the 15 operations in our own words. Where newer sources disagree with it, they win; each difference
names the section of the reference that the simulator was built from.
"""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator, FormatChecker
from requests import PreparedRequest

from dashboard.sandbox.state import Sandbox
from dashboard.sandbox.world.store import User
from dashboard.sandbox.world.v3_switch import REFUSALS, V3Switch
from dashboard.smile import SmileError
from dashboard.smile.v3 import Client
from tests.factories.in_process import InProcess
from tests.unit.sandbox.v3.bodies import BODIES, JPEG, post, post_token, token_headers
from tests.unit.sandbox.v3.test_rules import CASES
from tests.unit.smile.v3.bodies import parts_of
from tests.unit.smile.v3.examples import JOB_ID, REQUESTS

CONTRACT: dict[str, Any] = json.loads((Path(__file__).parent / "contract.json").read_text(encoding="utf-8"))
NUMBERS = ("sandbox_result",)


class Difference(NamedTuple):
    """operation, problem: patterns that match the whole of it; section: of the reference."""

    operation: str
    problem: str
    section: str
    why: str


DIFFERENCES = [
    Difference(
        ".*", "header SmileID-Partner-ID is '2'", "3.2",
        "The pattern of three digits contradicts the token's, which forbids leading zeros; later versions dropped it.",
    ),
    Difference(
        ".*", "202: 'accepted' is not one of .*", "4.11",
        "The word is written in both ways; later in lower case.",
    ),
    Difference(
        "POST /v3/replay/{}", "multipart/form-data instead of application/json", "7",
        "A replay takes multipart like everything else, and refuses other types with 415.",
    ),
    Difference("POST /v3/replay/{}", "415 is not in it", "7", "As above."),
    Difference("POST /v3/(authentication|compare)", "413 is not in it", "4.9", "Every request has a largest size."),
    Difference("POST /v3/authentication", "404 is not in it", "12", "There is no enrolled user."),
    Difference(
        "GET /v3/services/.*", r"(400|403|500): '(status|message)' is a required property", "8",
        "The open lists have an error shape of their own, with error and code.",
    ),
    Difference("GET /v3/services/.*", "(400|403|500) is not in it", "8", "As above; they are listed since then."),
    Difference("POST /v3/users/.*", "413 is not in it", "4.9", "Every request has a largest size."),
]  # fmt: skip


def operation_of(method: str, path: str) -> dict[str, Any] | None:
    plain = re.sub(r"^/v3/(status|replay)/[^/]+$|^/v3/(users)/[^/]+(/.*)$", _template, path)
    found = [each for each in CONTRACT["operations"] if (each["method"], each["path"]) == (method, plain)]
    return found[0] if found else None


def _template(found: re.Match[str]) -> str:
    return f"/v3/{found[1]}/{{}}" if found[1] else f"/v3/users/{{}}{found[3]}"


def problems(schema: str, value: Any) -> list[str]:
    whole = {"$ref": f"#/schemas/{schema}", "schemas": CONTRACT["schemas"]}
    return [error.message for error in Draft202012Validator(whole, format_checker=FormatChecker()).iter_errors(value)]


def problems_of_answer(operation: dict[str, Any], status: int, body: Any) -> list[str]:
    schema = operation["answers"].get(str(status))
    if schema is None:
        return [f"{status} is not in it"]
    return [f"{status}: {problem}" for problem in problems(schema, body)]


def problems_of_request(operation: dict[str, Any], request: PreparedRequest, content: bytes) -> list[str]:
    found = [
        f"header {name} is {request.headers.get(name)!r}"
        for name, pattern in operation.get("headers", {}).items()
        if not re.search(pattern, str(request.headers.get(name, "")))
    ]
    query = {name: values[0] for name, values in parse_qs(urlsplit(str(request.url)).query).items()}
    patterns = operation.get("query", {})
    found += [f"query {name}" for name, value in query.items() if not re.search(patterns.get(name, "^$"), value)]
    if "request" not in operation or not content:
        return found
    kind, _, _ = str(request.headers["Content-Type"]).partition(";")
    if kind != operation["content"]:
        found.append(f"{kind} instead of {operation['content']}")
    return found + problems(operation["request"], read(str(request.headers["Content-Type"]), content))


def read(content_type: str, content: bytes) -> dict[str, Any]:
    """The fields of a body with their types; of an image only that it is one."""
    fields: dict[str, Any] = {}
    for part in parts_of(content_type, content):
        if part.file_name:
            value: Any = [*fields.get(part.name, []), "<image>"] if part.name == "liveness_images" else "<image>"
        else:
            text = part.content.decode()
            is_json = part.content_type == "application/json" or text in ("true", "false") or part.name in NUMBERS
            value = json.loads(text) if is_json else text
        fields[part.name] = value
    return fields


def unlisted(operation: dict[str, Any], found: list[str]) -> list[str]:
    name = f"{operation['method']} {operation['path']}"
    left = []
    for problem in found:
        rows = [row for row in DIFFERENCES if re.fullmatch(row.operation, name) and re.fullmatch(row.problem, problem)]
        SEEN.update(rows)
        left += [] if rows else [f"{name}: {problem}"]
    return left


SEEN: set[Difference] = set()


@pytest.fixture(autouse=True)
def enrolled(sandbox: Sandbox) -> None:
    sandbox.store.save_user(User("enrolled", enrolled=True))
    sandbox.store.save_user(User("user-1", enrolled=True))


def test_what_our_client_sends_fits(adapter: InProcess, smile: Client) -> None:
    extra: dict[str, Any] = {
        "partner_params": {"order_id": "A-17"}, "metadata": [{"name": "a", "value": "b"}], "user_id": "user-2",
    }  # fmt: skip
    for request in REQUESTS.values():
        if not request.path.startswith(("aml", "address", "residency")):
            smile.verifications.submit(request)
            with_all = {**extra, **({"user_id": "user-1"} if request.path == "authentication" else {})}
            if hasattr(request, "sandbox_result"):
                with_all["sandbox_result"] = 840
            smile.verifications.submit(replace(request, **with_all))
    without: dict[str, Any] = {"selfie_image": None, "liveness_images": None, "use_enrolled_image": True}
    smile.verifications.submit(replace(REQUESTS["authentication"], **without))
    smile.create_token(
        product="enhanced_kyc", user_id="u", partner_params={"a": "b"}, payload={"country": "NG", "id_type": "BVN"}
    )
    job_id = smile.verifications.submit(REQUESTS["enhanced_kyc"]).job_id
    smile.jobs.status(job_id)
    for address in (None, "https://partner.example/again"):
        with pytest.raises(SmileError):
            smile.jobs.replay(job_id, callback_url=address)
    smile.jobs.flag_fraud("user-1", reported_by="ben@partner.example", reason="OTHER", notes="Why.")
    smile.jobs.clear_fraud("user-1", reported_by="ben@partner.example", notes="A mistake.")
    smile.services.bank_codes("NG")
    smile.services.supported_id_types()
    smile.services.supported_documents(continent="NORTH AMERICA", country_code="US", locale="fr-FR")
    smile.services.id_status("NG", "BVN")

    tried = set()
    for sent, content in adapter.sent:
        operation = operation_of(str(sent.method), urlsplit(str(sent.url)).path)
        assert operation is not None, sent.url
        tried.add(operation["path"])
        assert unlisted(operation, problems_of_request(operation, sent, content)) == []
    assert tried == {each["path"] for each in CONTRACT["operations"]}


def test_what_the_simulator_answers_fits(client: FlaskClient, sandbox: Sandbox) -> None:
    answers = [(path, post(client, path, changes)) for path, changes, _, _ in CASES]
    answers += [(path, post(client, path)) for path in BODIES]
    answers += [(path, post(client, path, headers={})) for path in BODIES]
    answers += [(path, post(client, path, {"more": JPEG + bytes(4_500_000)})) for path in BODIES]
    answers += [
        (path, client.post(f"/v3/{path}", json={}, headers=token_headers(client)))
        for path in (*BODIES, f"replay/{JOB_ID}")
    ]
    for refusal in REFUSALS:
        sandbox.v3 = V3Switch(refusal)
        answers += [(path, post(client, path)) for path in BODIES]
        answers += [
            (path, client.get(f"/v3/{path}")) for path in ("services/bank_codes", "services/supported_documents")
        ]
    sandbox.v3 = V3Switch()
    for path, answer in answers:
        operation = operation_of("POST", f"/v3/{path}") or operation_of("GET", f"/v3/{path}")
        if operation:
            assert unlisted(operation, problems_of_answer(operation, answer.status_code, answer.json)) == []


def test_what_questions_are_answered_fits(client: FlaskClient, sandbox: Sandbox) -> None:
    headers = token_headers(client)
    job_id = post(client, "enhanced_kyc").json["job_id"]
    answers = [("status/x", client.get(f"/v3/status/{each}", headers=headers)) for each in (job_id, JOB_ID, "job_1")]
    answers.append(("replay/x", client.post(f"/v3/replay/{job_id}", headers=headers)))
    sandbox.scheduler.run_due(9e9)
    answers.append(("status/x", client.get(f"/v3/status/{job_id}", headers=headers)))
    answers += [("replay/x", client.post(f"/v3/replay/{each}", headers=headers)) for each in (job_id, JOB_ID, "job_1")]
    answers += [(f"{kind}/x", client.open(f"/v3/{kind}/{JOB_ID}", method=method)) for kind, method in KINDS]
    answers += [
        (f"services/{name.partition('?')[0]}", client.get(f"/v3/services/{name}", headers=headers))
        for name in (
            "bank_codes", "bank_codes?country=Nigeria", "supported_id_types", "supported_id_types?country=GH",
            "supported_documents", "supported_documents?locale=x", "id_status?country=NG&id_type=BVN", "id_status",
        )
    ]  # fmt: skip
    answers.append(("services/id_status", client.get("/v3/services/id_status")))
    answers += [("token", post_token(client, parts)) for parts in ({}, {"product": "x"})]
    answers += [("token", client.post("/v3/token")), ("token", client.post("/v3/token", json={}))]
    for path, answer in answers:
        operation = operation_of("POST", f"/v3/{path}") or operation_of("GET", f"/v3/{path}")
        assert operation is not None
        assert unlisted(operation, problems_of_answer(operation, answer.status_code, answer.json)) == []


KINDS = (("status", "GET"), ("replay", "POST"))


def test_every_listed_difference_occurs(
    client: FlaskClient, sandbox: Sandbox, adapter: InProcess, smile: Client
) -> None:
    test_what_our_client_sends_fits(adapter, smile)
    test_what_the_simulator_answers_fits(client, sandbox)
    test_what_questions_are_answered_fits(client, sandbox)

    assert set(DIFFERENCES) - SEEN == set()
    assert all(re.fullmatch(r"\d+(\.\d+)?", row.section) for row in DIFFERENCES)
