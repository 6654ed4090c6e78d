"""Asking Smile about a job id: before anything is repeated, and while the customer is still busy with the job."""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Any

from dashboard.jobs.smile_api.clients import SmileClients
from dashboard.jobs.smile_api.refusals import explain_refusal
from dashboard.smile import Refused, SmileError
from dashboard.smile.constants import CODE_NO_ZIP
from dashboard.smile.results import parse_result

#: The HTTP statuses with which job_status refuses an unknown job; its code is not documented.
UNKNOWN_JOB_STATUSES = frozenset({400, 404})
#: Refusals that say nothing about the job, only about the account or the request.
CODES_OF_A_BAD_QUESTION = frozenset({"2201", "2203", "2204", "2205", "2213", "2301", "2401", "2405", "2413"})


class JobLookupUnclear(SmileError):
    """Smile refused the question about a job, so whether the job arrived is unknown: ask again, never submit."""

    def __init__(self, refusal: Refused) -> None:
        super().__init__(explain_refusal(refusal))
        self.refusal = refusal
        self.code = refusal.code


class JobLookup(Enum):
    UNKNOWN = auto()
    WITHOUT_ZIP = auto()
    RECEIVED = auto()


def ask_job_status(clients: SmileClients, partner_params: Mapping[str, Any]) -> dict[str, Any] | None:
    """Smile's answer about this job id; None when Smile itself, not a proxy on the way, does not know it."""
    try:
        return clients.web_api.get_job_status(partner_params)
    except Refused as error:
        if error.status in UNKNOWN_JOB_STATUSES and error.code and error.code not in CODES_OF_A_BAD_QUESTION:
            return None
        raise JobLookupUnclear(error) from error


def read_lookup(answer: Mapping[str, Any] | None) -> JobLookup:
    if answer is None:
        return JobLookup.UNKNOWN
    return JobLookup.WITHOUT_ZIP if parse_result(answer).request_code == CODE_NO_ZIP else JobLookup.RECEIVED
