"""The shipped tables of ID types: nothing here asks a Smile that is not there."""

import pytest

from dashboard.jobs.catalogue import Catalogue
from dashboard.links import preview_views, views


@pytest.fixture(autouse=True)
def shipped_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (views, preview_views):
        monkeypatch.setattr(module, "live_catalogue", Catalogue)
