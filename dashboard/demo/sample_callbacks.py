"""Sends sample callbacks that the simulator would not send, to the real receiver."""

from datetime import datetime, timedelta
from typing import Any

import requests
from sqlmodel import Session, select

from dashboard.config import Settings
from dashboard.jobs.models import Job
from dashboard.jobs.submitting.callback_keys import hook_address
from dashboard.smile import Signature

SOMEBODY_ELSES_KEY = "not-a-key-of-this-partner"
REJECTED_CUSTOMER = "cust-4402"


def job_to_lie_about(session: Session) -> str:
    """The job that a false callback calls approved. Smile's own answer about it is a rejection."""
    return session.exec(select(Job.job_id).where(Job.customer_reference == REJECTED_CUSTOMER)).one()


def send_sample_callbacks(settings: Settings, job_id: str, now: datetime) -> None:
    """Sends one of each kind. The pages show what the receiver makes of them."""
    orphan = _claim("job-of-another-system", 1, "0810", "Enroll User", "KE", "NATIONAL_ID")
    lie = _claim(job_id, 5, "1012", "ID Number Validated", "NG", "NIN")
    key = settings.api_keys[0]
    first_pair = _pair(settings, key, now - timedelta(seconds=2))
    for body in (
        orphan | _pair(settings, key, now - timedelta(hours=3)),  # stale
        orphan | {"timestamp": now.isoformat()},  # unsigned
        orphan | _pair(settings, SOMEBODY_ELSES_KEY, now),  # wrong
        orphan | first_pair,
        orphan | first_pair,  # a duplicate
        orphan | first_pair | {"ResultCode": "0811", "ResultText": "No Face Match"},  # the same signature, another body
        lie | _pair(settings, key, now - timedelta(seconds=1)),
    ):
        requests.post(hook_address(settings), json=body, timeout=10)


def _claim(job_id: str, job_type: int, code: str, text: str, country: str, id_type: str) -> dict[str, Any]:
    return {
        "JSONVersion": "1.0.0",
        "SmileJobID": "0000004711",
        "PartnerParams": {"job_id": job_id, "user_id": "user-of-the-demo", "job_type": job_type},
        "ResultType": "ID Verification",
        "ResultCode": code,
        "ResultText": text,
        "IsFinalResult": "true",
        "Actions": {"Verify_ID_Number": "Verified"},
        "Country": country,
        "IDType": id_type,
    }


def _pair(settings: Settings, key: str, signed_at: datetime) -> dict[str, str]:
    return Signature(settings.smile_partner_id, key).generate_signature(signed_at)
