"""The key in each job's own callback address: derived from our secret, stored only as a digest."""

import base64
import hashlib
import hmac
from uuid import UUID

from dashboard.config import Settings

HOOK_PATH = "/hooks/smile"


def callback_key(secret_key: str, job_id: UUID) -> str:
    """The job's key: 128 bits, derived so that a resumed submission uses the same one."""
    mac = hmac.digest(secret_key.encode(), b"callback key" + job_id.bytes, "sha256")
    return base64.urlsafe_b64encode(mac[:16]).rstrip(b"=").decode()


def hook_address(settings: Settings) -> str:
    """The address for Smile's portal, which receives everything that belongs to no job of this dashboard."""
    return settings.public_url + HOOK_PATH


def callback_address(settings: Settings, job_id: UUID) -> str:
    """The address that Smile sends this job's callbacks to."""
    return f"{hook_address(settings)}/{callback_key(settings.secret_key.get_secret_value(), job_id)}"


def digest_of_key(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
