"""A fake server per test, the clients that talk to it, and a selfie on disk."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.smile import IDApi, Signature, Transport, WebApi

from .examples import CALLBACK, JPEG
from .fake_smile import API_KEY, PARTNER_ID, FakeSmile


@pytest.fixture
def smile() -> Iterator[FakeSmile]:
    fake = FakeSmile()
    yield fake
    fake.close()


@pytest.fixture
def transport(smile: FakeSmile) -> Iterator[Transport]:
    with Transport(smile.url, timeout=(2, 5)) as transport:
        yield transport


@pytest.fixture
def web_api(smile: FakeSmile, transport: Transport) -> WebApi:
    return WebApi(PARTNER_ID, CALLBACK, API_KEY, smile.url, transport=transport, poll_wait=0, poll_tries=5)


@pytest.fixture
def id_api(smile: FakeSmile, transport: Transport) -> IDApi:
    return IDApi(PARTNER_ID, API_KEY, smile.url, transport=transport)


@pytest.fixture
def signature() -> Signature:
    return Signature(PARTNER_ID, API_KEY)


@pytest.fixture
def selfie(tmp_path: Path) -> Path:
    path = tmp_path / "selfie.jpg"
    path.write_bytes(JPEG)
    return path
