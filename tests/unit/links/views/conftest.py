"""The shipped tables of ID types: nothing here asks a Smile that is not there."""

import pytest

from dashboard.jobs.smile_api.catalogue import Catalogue
from dashboard.jobs.smile_api.live_catalogue import LiveCatalogue


@pytest.fixture(autouse=True)
def shipped_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LiveCatalogue, "get", lambda _: Catalogue())
