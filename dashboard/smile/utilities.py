"""Asks for the status of a job, once or until it is complete."""

import time
from collections.abc import Mapping
from typing import Any

from dashboard.smile import validation
from dashboard.smile.errors import JobStillRunning
from dashboard.smile.partner import PartnerClient

#: Most results come within seconds, so the first requests follow each other faster.
QUICK_TRIES = 4


class Utilities(PartnerClient):
    """Requests about existing jobs. The arguments are those of `PartnerClient`.

    https://docs.usesmileid.com/further-reading/job-status
    """

    def get_job_status(self, user_id: str, job_id: str, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The present status of a job, as a dict with Smile's own keys.

        user_id, job_id: as in the partner_params of the submission.
        options: `return_history` and `return_image_links` (or `return_images`), booleans, ask for more;
            `signature` chooses how the request is signed.

        In the answer `job_complete` may be a boolean or its text, and `result` an object or plain text. A complete job
        may still be provisional: `ResultCode` and `IsFinalResult` decide. The signature has been checked.
        Raises InvalidRequest, TransportFailed, Refused, BadSignature.

        https://docs.usesmileid.com/further-reading/job-status
        """
        wrong: validation.Wrong = {}
        params, checked = self._checked(user_id, job_id, options, wrong)
        return self._partner.ask(
            f"{self._partner.server.v1}/job_status",
            {
                "partner_id": self._partner.partner_id,
                "user_id": params["user_id"],
                "job_id": params["job_id"],
                "image_links": bool(checked.get("return_image_links") or checked.get("return_images")),
                "history": bool(checked.get("return_history")),
            },
            checked,
        )

    def wait_for_result(
        self,
        user_id: str,
        job_id: str,
        options: Mapping[str, Any] | None = None,
        *,
        poll_tries: int = 22,
        poll_wait: float = 2.0,
    ) -> dict[str, Any]:
        """Repeat `get_job_status` until the job is complete, at most `poll_tries` times.

        poll_wait: seconds before each of the first four requests; later ones wait twice as long.
        Returns the last status.
        Raises JobStillRunning when the tries run out; InvalidRequest, TransportFailed, Refused, BadSignature at once.

        https://docs.usesmileid.com/further-reading/job-status
        """
        wrong: validation.Wrong = {}
        validation.check_number(poll_tries, "poll_tries", wrong, is_whole=True)
        validation.check_number(poll_wait, "poll_wait", wrong)
        # Check before the first wait.
        self._checked(user_id, job_id, options, wrong)
        status: dict[str, Any] = {}
        for attempt in range(poll_tries):
            time.sleep(poll_wait if attempt < QUICK_TRIES else poll_wait * 2)
            status = self.get_job_status(user_id, job_id, options)
            if is_true(status.get("job_complete")):
                return status
        raise JobStillRunning("Smile has no result for this job yet. Ask for its status again later.", status)

    def _checked(
        self, user_id: str, job_id: str, options: Any, wrong: validation.Wrong
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        params = validation.checked_partner_params({"user_id": user_id, "job_id": job_id}, wrong, None)
        checked = self._partner.checked_options(options, wrong)
        validation.refuse_if(wrong)
        return params, checked


def is_true(value: Any) -> bool:
    """Whether a JSON value is true, as a boolean or as text; Smile writes both."""
    return value is True or (isinstance(value, str) and value.lower() == "true")
