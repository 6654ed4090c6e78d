"""The same call made with Smile's own client and with ours: the same bodies on the wire, but for DIFFERENCES."""

import json
from collections.abc import Callable
from contextlib import ExitStack
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.integration.smile.clients import enrolled, official_client, our_client, params
from tests.integration.smile.differences import ABSENT, ANYTHING, DIFFERENCES, Difference
from tests.integration.smile.recorder import recording
from tests.integration.smile.same_calls import CALLS, ENROLLED, Stage
from tests.integration.smile.simulator import Simulator
from tests.integration.smile.wire import Flat, flattened

# Smile's client writes entries of equal names, of which zipfile warns.
pytestmark = pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")

Found = dict[str, tuple[Any, Any]]


@pytest.fixture(scope="module")
def differences(simulator: Simulator, image_folder: Path) -> Callable[[str], Found]:
    """`differences(call)`: path -> what Smile's client sends there, and what ours does."""
    with our_client(simulator.v1) as client:
        user_id = enrolled(client, image_folder)

    @cache
    def of(call: str) -> Found:
        theirs, ours = (_sent(simulator, image_folder, call, user_id, whose) for whose in ("official", "ours"))
        paths = {**theirs, **ours}
        pairs = {path: (theirs.get(path, ABSENT), ours.get(path, ABSENT)) for path in paths}
        # As JSON, since Python takes True for 1.
        return {path: pair for path, pair in pairs.items() if json.dumps(pair[0]) != json.dumps(pair[1])}

    return of


def _sent(simulator: Simulator, folder: Path, call: str, user_id: str, whose: str) -> Flat:
    fields, run = CALLS[call]
    job = {**params(0), **fields}
    if job["user_id"] == ENROLLED:
        job["user_id"] = user_id
    with ExitStack() as stack:
        recorder = stack.enter_context(recording(simulator.url))
        aside = stack.enter_context(our_client(simulator.v1))
        ours = stack.enter_context(our_client(recorder.v1))
        run(Stage(official_client(recorder.v1) if whose == "official" else ours, aside, folder), job)
        assert recorder.exchanges
        return flattened(recorder.exchanges, {job["user_id"]: "<user>", job["job_id"]: "<job>"})


@pytest.mark.parametrize("call", CALLS)
def test_both_clients_send_the_same_but_for_what_is_listed(differences: Callable[[str], Found], call: str) -> None:
    found = differences(call)

    unexplained = {
        path: pair
        for path, pair in found.items()
        if not any(_explains(difference, call, path, pair) for difference in DIFFERENCES)
    }
    assert unexplained == {}


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda row: f"{row.call} {row.path}")
def test_listed_difference_occurs(differences: Callable[[str], Found], difference: Difference) -> None:
    assert any(_explains(difference, call, path, pair) for call in CALLS for path, pair in differences(call).items())


def _explains(difference: Difference, call: str, path: str, pair: tuple[Any, Any]) -> bool:
    names_it = fnmatchcase(call, difference.call) and fnmatchcase(path, difference.path)
    return names_it and all(
        expected == ANYTHING or json.dumps(expected) == json.dumps(found)
        for expected, found in zip((difference.theirs, difference.ours), pair, strict=True)
    )
