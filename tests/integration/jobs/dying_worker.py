"""Workers that kill themselves with -9 at one named point of a submission, started quickly from a prepared process."""

import os
import signal
from collections.abc import Callable, Mapping
from multiprocessing.process import BaseProcess
from typing import Any

from dashboard.cli import main
from dashboard.jobs.following import sending, v3_following, v3_sending
from dashboard.smile import IDApi, WebApi
from dashboard.smile.constants import SmileApi
from dashboard.smile.v3.account import Account
from dashboard.smile.v3.jobs import Jobs
from dashboard.smile.v3.verifications import Verifications
from tests.integration.prepared import prepare

#: Where a submission can die. Before: the call was about to leave. After: it was done, and nothing saved of it yet.
POINTS: dict[str, tuple[Any, str, str]] = {
    "before the intent is saved": (sending, "_save_step", "before"),
    "after the intent is saved": (sending, "_save_step", "after"),
    "after the upload is prepared, answer not saved": (WebApi, "prepare_upload", "after"),
    "after the upload address is saved": (sending, "_save_prepared", "after"),
    "before the zip is sent": (WebApi, "upload_zip", "before"),
    "after the zip is sent, not saved": (WebApi, "upload_zip", "after"),
    "after the job is saved as sent": (sending, "_save_sent", "after"),
    "before the call that is answered at once": (IDApi, "submit_job", "before"),
    "after the call that is answered at once, answer not saved": (IDApi, "submit_job", "after"),
    "after the answer is saved": (sending, "_save_answer", "after"),
}
#: The same for v3, where what may have left is never sent again. A point in a transaction dies before its commit.
V3_POINTS: dict[str, tuple[Any, str, str]] = {
    "before the token": (Account, "fetch_token", "before"),
    "before the intent is saved": (v3_sending.Leaving, "__call__", "before"),
    "after the intent is saved": (v3_sending.Leaving, "__call__", "after"),
    "after the submission, answer not saved": (Verifications, "submit", "after"),
    "after the result at once, not saved": (Verifications, "look_up", "after"),
    "after the answer is saved": (v3_sending, "_save_answer", "after"),
    "before the status is asked for": (Jobs, "status", "before"),
    "after the status, not saved": (Jobs, "status", "after"),
    "while binding": (v3_following, "bind", "after"),
}
UPLOAD_POINTS = [point for point, (owner, name, _) in POINTS.items() if owner is not IDApi and name != "_save_answer"]
ID_API_POINTS = ["after the intent is saved", *(point for point in POINTS if point not in UPLOAD_POINTS)]


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def dying(function: Callable[..., Any], when: str) -> Callable[..., Any]:
    def run(*arguments: Any, **named: Any) -> Any:
        if when == "before":
            die()
        answer = function(*arguments, **named)
        die()
        return answer

    return run


def start_worker(environment: Mapping[str, str], point: str | None = None, api: SmileApi = SmileApi.V1) -> BaseProcess:
    """A worker process of its own; given a point, one that dies there. It skips the seconds that imports take."""
    process = prepare().Process(target=_work, args=(dict(environment), point, api), daemon=True)
    process.start()
    return process


def _work(environment: dict[str, str], point: str | None, api: SmileApi) -> None:
    os.environ.clear()
    os.environ.update(environment)
    if point:
        owner, name, when = (V3_POINTS if api == SmileApi.V3 else POINTS)[point]
        setattr(owner, name, dying(getattr(owner, name), when))
    main(["worker"])
