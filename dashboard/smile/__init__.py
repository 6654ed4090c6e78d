"""Client library for Smile ID's API; it works alone, without Flask or the rest of the dashboard."""

from dashboard.smile.errors import (
    BadSignature,
    InvalidRequest,
    JobStillRunning,
    Refused,
    SmileError,
    TransportFailed,
)
from dashboard.smile.id_api import IDApi
from dashboard.smile.partner_account import PartnerAccount
from dashboard.smile.services import Services, id_number_pattern
from dashboard.smile.signature import Signature
from dashboard.smile.smile_links import SmileLinks
from dashboard.smile.transport import Transport
from dashboard.smile.utilities import Utilities
from dashboard.smile.web_api import WebApi

__all__ = [
    "BadSignature",
    "IDApi",
    "InvalidRequest",
    "JobStillRunning",
    "PartnerAccount",
    "Refused",
    "Services",
    "Signature",
    "SmileError",
    "SmileLinks",
    "Transport",
    "TransportFailed",
    "Utilities",
    "WebApi",
    "id_number_pattern",
]
