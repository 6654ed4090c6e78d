"""The client of v3 with a fake server that gives tokens and accepts everything."""

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from dashboard.smile import Transport
from dashboard.smile.v3 import Client
from tests.unit.smile.fake_smile import API_KEY, Answer, FakeSmile
from tests.unit.smile.v3.examples import CALLBACK, JOB_ID


def token(lives: float | None = 900, **claims: Any) -> str:
    if lives is not None:
        claims["exp"] = int(time.time() + lives)
    parts = ({"alg": "HS256"}, {"api_url": "https://testapi.smileidentity.com/v3", **claims})
    made = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*made, "c2lnbmF0dXJl"])


@pytest.fixture
def smile() -> Iterator[FakeSmile]:
    fake = FakeSmile()
    fake.answers["POST /v3/token"] = lambda _: Answer({"token": token(number=len(fake.requests))})
    yield fake
    fake.close()


@pytest.fixture
def accepting(smile: FakeSmile) -> FakeSmile:
    """Accepts every submission."""
    usual = smile.answer_to

    def answer_to(request: Any) -> Answer:
        if f"{request.method} {request.path}" in smile.answers:
            return usual(request)
        return Answer({"status": "accepted", "job_id": JOB_ID, "user_id": "user-1", "message": "queued"}, 202)

    smile.answer_to = answer_to  # type: ignore[method-assign]
    return smile


@pytest.fixture
def client(smile: FakeSmile) -> Iterator[Client]:
    with Transport(smile.url, timeout=(2, 5)) as transport:
        yield Client("002", API_KEY, smile.url, default_callback=CALLBACK, transport=transport)
