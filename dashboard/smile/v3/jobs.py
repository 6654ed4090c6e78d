"""Existing jobs: their status and replays; and reports of fraud about their users."""

import time
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from dashboard.smile import validation
from dashboard.smile.errors import JobStillRunning, Refused
from dashboard.smile.utilities import QUICK_TRIES
from dashboard.smile.v3 import constants
from dashboard.smile.v3.account import Account
from dashboard.smile.v3.answers import JobStatus, Queued, moment, word
from dashboard.smile.v3.building import Built
from dashboard.smile.v3.people import check_email
from dashboard.smile.v3.rules import checked_choice
from dashboard.smile.validation import Wrong


class Jobs:
    """Requests about existing jobs and their users.

    https://github.com/smileidentity/api-reference
    """

    def __init__(self, account: Account) -> None:
        self._account = account

    def status(self, job_id: str) -> JobStatus:
        """The present status of a job. One that Smile does not know (yet) is "not_found", which is no error.

        job_id: as Smile made it.
        Raises InvalidRequest, TransportFailed, Refused.

        https://github.com/smileidentity/api-reference
        """
        _refuse_wrong_id(job_id)
        try:
            answer = self._account.ask(f"status/{job_id}").fields
        except Refused as error:
            is_status = isinstance(error.body, dict) and error.body.get("status") == "not_found"
            if error.status != HTTPStatus.NOT_FOUND or not is_status:
                raise
            return JobStatus("not_found", job_id, message=error.reason)
        return JobStatus(
            status=word(answer, "status").lower(),
            job_id=word(answer, "job_id") or job_id,
            user_id=word(answer, "user_id"),
            message=word(answer, "message"),
            created_at=moment(answer, "created_at"),
            payload=answer,
        )

    def wait(self, job_id: str, *, poll_tries: int = 22, poll_wait: float = 2.0) -> JobStatus:
        """Ask for the status until the job is finished, at most `poll_tries` times.

        poll_wait: seconds before each of the first four requests; later ones wait twice as long.
        Raises JobStillRunning when the tries run out; InvalidRequest, TransportFailed, Refused at once.

        https://github.com/smileidentity/api-reference
        """
        wrong: Wrong = {}
        validation.check_number(poll_tries, "poll_tries", wrong, is_whole=True)
        validation.check_number(poll_wait, "poll_wait", wrong)
        validation.refuse_if(wrong)
        _refuse_wrong_id(job_id)
        status = None
        for attempt in range(poll_tries):
            time.sleep(poll_wait if attempt < QUICK_TRIES else poll_wait * 2)
            status = self.status(job_id)
            if status.is_final:
                return status
        last = status.payload if status else None
        raise JobStillRunning("Smile has no decision for this job yet. Ask for its status again later.", last)

    def replay(self, job_id: str, *, callback_url: str | None = None) -> Queued:
        """Have the webhook of a finished job sent again, with a new signature.

        callback_url: instead of the job's own, which the client's default does not replace.
        Raises InvalidRequest, TransportFailed; Refused ("still_running" while the job is).

        https://github.com/smileidentity/api-reference
        """
        _refuse_wrong_id(job_id)
        wrong: Wrong = {}
        self._account.check_callback(callback_url, "callback_url", wrong)
        validation.refuse_if(wrong)
        values = {"callback_url": callback_url} if callback_url else {}
        answer = self._account.submit(f"replay/{job_id}", Built("", values, [])).fields
        return _queued(answer)

    def flag_fraud(self, user_id: str, *, reported_by: str, reason: str, notes: str | None = None) -> Queued:
        """Report a user as fraudulent: face, devices and numbers go on Smile's block lists.

        reported_by: an e-mail address. reason: one of `constants.FRAUD_REASONS`; OTHER needs notes, of at most 500
            characters.
        Raises InvalidRequest, TransportFailed, Refused.

        https://github.com/smileidentity/api-reference
        """
        wrong: Wrong = {}
        checked_choice(reason, constants.FRAUD_REASONS, "reason", wrong)
        needs_notes = reason == "OTHER"
        values = {"is_fraud": True, "reported_by": reported_by, "reason": reason, "notes": notes}
        return self._report(user_id, values, needs_notes, wrong)

    def clear_fraud(self, user_id: str, *, reported_by: str, notes: str) -> Queued:
        """Take a report of fraud back.

        reported_by: an e-mail address. notes: why, at most 500 characters.
        Raises InvalidRequest, TransportFailed, Refused.

        https://github.com/smileidentity/api-reference
        """
        values = {"is_fraud": False, "reported_by": reported_by, "notes": notes}
        return self._report(user_id, values, True, {})

    def _report(self, user_id: Any, values: dict[str, Any], needs_notes: bool, wrong: Wrong) -> Queued:
        validation.check_text(user_id, "user_id", wrong)
        if "user_id" not in wrong and not user_id.strip("."):
            wrong["user_id"] = "is not one"
        validation.check_text(values["reported_by"], "reported_by", wrong)
        if "reported_by" not in wrong:
            check_email(values["reported_by"], "reported_by", wrong)
        notes = values["notes"]
        if needs_notes or notes not in (None, ""):
            validation.check_text(notes, "notes", wrong)
        if "notes" not in wrong and notes and len(notes) > constants.LONGEST_NOTES:
            wrong["notes"] = f"has more than {constants.LONGEST_NOTES} characters"
        validation.refuse_if(wrong)
        given = {name: value for name, value in values.items() if value not in (None, "")}
        path = f"users/{quote(user_id, safe='')}/report_fraud"
        return _queued(self._account.submit(path, Built("", given, [])).fields)


def checked_job_id(job_id: Any, wrong: Wrong) -> None:
    """Check the form of a job id of Smile. wrong: takes what is wrong, by field."""
    validation.check_text(job_id, "job_id", wrong)
    if "job_id" not in wrong and not constants.JOB_ID.fullmatch(job_id):
        wrong["job_id"] = "is no job id of Smile: job_ and 26 letters and digits"


def _refuse_wrong_id(job_id: Any) -> None:
    wrong: Wrong = {}
    checked_job_id(job_id, wrong)
    validation.refuse_if(wrong)


def _queued(answer: dict[str, Any]) -> Queued:
    return Queued(word(answer, "user_id"), word(answer, "job_id"), word(answer, "message"), answer)
