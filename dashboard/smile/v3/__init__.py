"""Client of Smile's v3 API: tokens, typed requests and answers; it works alone, like the classes of v1."""

from dashboard.smile.v3.answers import Accepted, JobStatus, Link, News, Queued, Result, Webhook
from dashboard.smile.v3.client import Client
from dashboard.smile.v3.constants import Decision
from dashboard.smile.v3.links import NewLink
from dashboard.smile.v3.people import Consent, UserDetails
from dashboard.smile.v3.requests import (
    AddressVerification,
    AmlMonitoring,
    Authentication,
    BiometricKyc,
    Compare,
    DocumentVerification,
    EnhancedDocumentVerification,
    EnhancedKyc,
    OneTimeAml,
    Registration,
    ResidencyDocumentVerification,
    Submission,
)
from dashboard.smile.v3.tokens import Token

__all__ = [
    "Accepted",
    "AddressVerification",
    "AmlMonitoring",
    "Authentication",
    "BiometricKyc",
    "Client",
    "Compare",
    "Consent",
    "Decision",
    "DocumentVerification",
    "EnhancedDocumentVerification",
    "EnhancedKyc",
    "JobStatus",
    "Link",
    "NewLink",
    "News",
    "OneTimeAml",
    "Queued",
    "Registration",
    "ResidencyDocumentVerification",
    "Result",
    "Submission",
    "Token",
    "UserDetails",
    "Webhook",
]
