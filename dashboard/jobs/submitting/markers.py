"""The marker of a job: what we put into `partner_params` of v3, so that a webhook can be told to be about this job.

Smile makes the ids of v3, and an answer with the id may be lost. Then only the marker ties the webhook to our job. It
is no proof by itself: a callback's body is not signed.
"""

import base64
import hmac
from uuid import UUID

MARKER = "desk_marker"


def marker_of(secret_key: str, job_id: UUID) -> str:
    """The job's marker: 128 bits, derived so that a resumed submission carries the same one."""
    mac = hmac.digest(secret_key.encode(), b"marker" + job_id.bytes, "sha256")
    return base64.urlsafe_b64encode(mac[:16]).rstrip(b"=").decode()


def is_marker_of(secret_key: str, job_id: UUID, marker: object) -> bool:
    """Whether `marker`, as a callback claims it, is this job's."""
    is_text = isinstance(marker, str) and marker.isascii()
    return is_text and hmac.compare_digest(str(marker), marker_of(secret_key, job_id))
