"""Callbacks: sent over HTTP, freshly signed and retried; or sent wrongly on purpose."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import requests

from dashboard.sandbox.delivery.scheduler import Scheduler
from dashboard.sandbox.delivery.v3_headers import sign_v3, v3_headers
from dashboard.sandbox.fields import Json
from dashboard.sandbox.settings import SandboxSettings
from dashboard.sandbox.signatures import Signer
from dashboard.sandbox.world.contradiction import contradicted
from dashboard.sandbox.world.store import Job, Store

MODES = ("normal", "never", "duplicate", "out_of_order", "bad_signature", "stale", "lying")


@dataclass(frozen=True)
class CallbackSwitch:
    """How callbacks are sent from now on: one of MODES, and seconds to wait before each."""

    mode: str = "normal"
    delay_seconds: float = 0.0


class Callbacks:
    """Sends the results of jobs to their callback addresses.

    https://docs.usesmileid.com/further-reading/faqs/how-do-i-setup-a-callback
    """

    def __init__(self, settings: SandboxSettings, store: Store, signer: Signer, scheduler: Scheduler) -> None:
        self.switch = CallbackSwitch()
        self._settings = settings
        self._store = store
        self._signer = signer
        self._scheduler = scheduler
        self._sent_in_order = 0

    def send(self, job: Job, entry: Json, outcome: str) -> None:
        """Schedule the callback for a result of `job`. The caller holds the store's lock and saves the job.

        entry: the unsigned result. outcome: that of its `ProgressStep`; a lying callback claims the opposite.
        """
        url = job.callback_url or self._settings.default_callback_url
        switch = self.switch
        if not url or switch.mode == "never":
            return
        claimed = contradicted(job, entry, outcome) if switch.mode == "lying" else entry
        self._send(job, claimed, url, switch)

    def send_apart(self, job: Job, entry: Json) -> None:
        """Schedule a callback that belongs to `job` but is not its result, and so never lies.

        entry: the unsigned body. The caller holds the store's lock and saves the job.
        """
        url = job.callback_url or self._settings.default_callback_url
        if url and self.switch.mode != "never":
            self._send(job, entry, url, self.switch)

    def _send(self, job: Job, entry: Json, url: str, switch: CallbackSwitch) -> None:
        delivery = {
            "url": url,
            "mode": switch.mode,
            "entry": entry,
            "due": time.time() + switch.delay_seconds + self._holding_back(job, switch.mode),
            "attempts": [],
        }
        job.deliveries.append(delivery)
        self._schedule(job, len(job.deliveries) - 1)

    def resume(self, job: Job) -> None:
        """Schedule the callbacks of a job that a stopped simulator left behind."""
        for index, delivery in enumerate(job.deliveries):
            if delivery["due"] is not None:
                self._schedule(job, index)

    def _holding_back(self, job: Job, mode: str) -> float:
        if mode != "out_of_order":
            return 0.0
        gap = self._settings.out_of_order_gap_seconds
        if later := [planned["due"] for planned in job.pending if planned["callback"]]:
            return float(max(later)) - time.time() + gap
        if len(job.deliveries) > 0:
            return 0.0
        # Every second callback waits, so that the next job's overtakes it.
        self._sent_in_order += 1
        return gap if self._sent_in_order % 2 else 0.0

    def _schedule(self, job: Job, index: int) -> None:
        action: Callable[[], None] = partial(self._attempt, job.job_id, index)
        self._scheduler.at(job.deliveries[index]["due"], action)

    def _attempt(self, job_id: str, index: int) -> None:
        with self._store.lock:
            job = self._store.jobs[job_id]
            delivery = job.deliveries[index]
            headers, body = self._message(job, delivery)
        copies = 2 if delivery["mode"] == "duplicate" else 1
        answers = [self._post(delivery["url"], headers, body) for _ in range(copies)]
        with self._store.lock:
            delivery["attempts"] += answers
            delays = self._settings.callback_retry_delays_seconds
            tries = len(delivery["attempts"]) // copies
            accepted = any(200 <= (answer["status"] or 0) < 300 for answer in answers)
            delivery["due"] = None if accepted or tries > len(delays) else time.time() + delays[tries - 1]
            self._store.save(job)
            if delivery["due"] is not None:
                self._schedule(job, index)

    def _message(self, job: Job, delivery: Json) -> tuple[dict[str, str], Json]:
        """The headers and the body: v1 signs in the body, v3 in headers."""
        signature = self._signature(job, delivery["mode"])
        if job.version == "v1":
            return {}, {**delivery["entry"], **signature}
        return v3_headers(job.job_id, job.user_id, signature, self._settings.v3_api_version), delivery["entry"]

    def _signature(self, job: Job, mode: str) -> Json:
        age = self._settings.stale_callback_age_seconds if mode == "stale" else 0.0
        pair = self._signer.fresh(job.legacy, age)
        if job.version == "v3":
            pair["signature"] = sign_v3(self._signer, self._settings, str(pair["timestamp"]))
        if mode == "bad_signature":
            # Well-formed but wrong: the reversed text keeps its length and alphabet.
            turned = str(pair["signature"]).rstrip("=")[::-1]
            pair["signature"] = turned + "=" * (-len(turned) % 4)
        return pair

    def _post(self, url: str, headers: dict[str, str], body: Json) -> Json:
        answer: Json = {"at": time.time(), "status": None, "error": None}
        session = requests.Session()
        # The machine's proxy settings are not meant for the simulator's callbacks.
        session.trust_env = False
        try:
            with (
                session,
                session.post(
                    url,
                    json=body,
                    headers=headers,
                    timeout=self._settings.callback_timeout_seconds,
                    verify=self._settings.callback_verify,
                    allow_redirects=False,
                    stream=True,
                ) as response,
            ):
                answer["status"] = response.status_code
        except requests.RequestException as error:
            # Only the type: the message contains the address with its secret job key.
            answer["error"] = type(error).__name__
        answer["seconds"] = round(time.time() - answer["at"], 3)
        return answer
