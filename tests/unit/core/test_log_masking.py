"""What is logged names no secret and no person, however deep it is buried."""

import json
from collections.abc import Iterator

import pytest
import structlog

from dashboard.web.logs import MASK, mask_secrets, set_up_logging


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.mark.parametrize("field", ["first_name", "dob", "phone_number", "email", "address", "body", "payload"])
def test_field_that_may_name_a_person_is_masked(field: str):
    assert mask_secrets(None, "info", {"event": "x", field: "canary"}) == {"event": "x", field: MASK}


@pytest.mark.parametrize(
    "field",
    ["api_key", "SECRET_KEY", "signature", "csrf_token", "password", "code", "Cookie", "Authorization", "id_number"],
)
def test_field_that_may_hold_a_secret_is_masked(field: str):
    assert mask_secrets(None, "info", {"event": "x", field: "canary"}) == {"event": "x", field: MASK}


def test_masking_reaches_into_what_is_nested():
    event = {"event": "x", "facts": {"id_number": "canary", "rows": [{"token": "canary"}, ({"dob": "canary"},)]}}

    assert "canary" not in str(mask_secrets(None, "info", event))


@pytest.mark.parametrize("field", ["result_code", "status_code", "error", "job", "where", "remote_address", "task"])
def test_what_is_needed_to_find_a_fault_stays(field: str):
    assert mask_secrets(None, "info", {"event": "x", field: "value"})[field] == "value"


def test_line_of_the_log_is_json_where_asked_for(capsys: pytest.CaptureFixture[str]):
    set_up_logging("json")

    structlog.get_logger("test").warning("refused", password="canary", status_code=401)

    line = json.loads(capsys.readouterr().out)
    assert (line["event"], line["status_code"], line["password"]) == ("refused", 401, MASK)
    assert line["timestamp"].endswith("Z")
