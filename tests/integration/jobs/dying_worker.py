"""A worker that kills itself with -9 once, at one named point of a submission: `python dying_worker.py POINT`."""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from dashboard.cli import main
from dashboard.jobs import sending
from dashboard.smile import IDApi, WebApi

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


if __name__ == "__main__":
    owner, name, when = POINTS[sys.argv.pop()]
    setattr(owner, name, dying(getattr(owner, name), when))
    sys.argv[1:] = ["worker"]
    main()
