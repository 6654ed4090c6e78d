"""The headers of webhooks and answers of v3, with the signature that v1 has in its bodies."""

from collections.abc import Mapping

from dashboard.sandbox.settings import SandboxSettings
from dashboard.sandbox.signatures import Signer


def sign_v3(signer: Signer, settings: SandboxSettings, timestamp: str) -> str:
    """The signature over a timestamp, with the partner id in the form that the settings choose.

    https://github.com/smileidentity/api-reference
    """
    partner_id = settings.partner_id
    return signer.sign(timestamp, partner_id if settings.v3_signs_padded_partner_id else partner_id.lstrip("0"))


def v3_headers(job_id: str, user_id: str, signature: Mapping[str, str | int], api_version: str) -> dict[str, str]:
    """The headers of a webhook. signature: `timestamp` and `signature`.

    https://github.com/smileidentity/api-reference
    """
    return {
        "Response-Signature": str(signature["signature"]),
        "Response-Timestamp": str(signature["timestamp"]),
        "Job-ID": job_id,
        "User-ID": header_text(user_id),
        "Api-Version": api_version,
    }


def header_text(text: str) -> str:
    """The text without what a header cannot hold."""
    return "".join(sign if sign.isascii() and sign.isprintable() else "?" for sign in text).strip()
