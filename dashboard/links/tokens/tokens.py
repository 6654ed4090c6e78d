"""Web tokens issued by hand for the partner's own pages: getting them, reading them and recording them.

https://docs.usesmileid.com/integration-options/web-mobile-web/web-integration/usage
"""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, select

from dashboard.audit.trail import record
from dashboard.config import Settings
from dashboard.jobs.smile_api.clients import SmileClients
from dashboard.links.customer.hosted import environment_of, partner_details
from dashboard.links.models import WebToken
from dashboard.smile.constants import WEB_PRODUCTS as SCRIPT_NAMES
from dashboard.stored_settings import Branding
from dashboard.web.lists.pagination import PAGE_SIZE

LAST_DATE = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True)
class TokenRequest:
    product: str  # any name known to Smile's libraries or its script
    user_id: str
    job_id: str
    callback_url: str

    @property
    def script_product(self) -> str:
        """The product's name in the script, which knows fewer than the libraries: doc_verification, for example."""
        return SCRIPT_NAMES[self.product]


@dataclass(frozen=True)
class IssuedToken:
    token: str
    claims: dict[str, Any] = field(repr=False)  # read but not verified: only Smile can check its own signature
    expires_at: datetime | None


def fetch_issued_token(clients: SmileClients, request: TokenRequest) -> IssuedToken:
    """Asks Smile for a token. Raises SmileError."""
    answer = clients.tokens.get_web_token(
        {
            "user_id": request.user_id,
            "job_id": request.job_id,
            "product": request.product,
            "callback_url": request.callback_url,
        }
    )
    token = str(answer["token"])
    claims = read_claims(token)
    return IssuedToken(token, claims, _moment(claims.get("exp")))


def note_issued(session: Session, row: WebToken, now: datetime) -> None:
    session.add(row)
    # Its ids are in its row only, where they can be erased; the trail is never erased.
    details = {"product": row.product or "any", "api": row.api.value}
    record(session, "token.issued", f"token {row.id}", now, details=details)


def last_issued(session: Session, environment: str) -> Sequence[WebToken]:
    found = select(WebToken).where(WebToken.environment == environment)
    return session.exec(found.order_by(col(WebToken.id).desc()).limit(PAGE_SIZE)).all()


def read_claims(token: str) -> dict[str, Any]:
    """The claims of a JWT; empty for anything else."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


def snippet(request: TokenRequest, issued: IssuedToken, branding: Branding, settings: Settings) -> str:
    """HTML for the partner's own page that opens Smile's, ready to paste."""
    configuration = {
        "token": issued.token,
        "product": request.script_product,
        "callback_url": request.callback_url,
        "environment": environment_of(settings),
        "partner_details": partner_details(branding, settings),
    }
    # No text inside the script may end the script.
    written = json.dumps(configuration, indent=2, ensure_ascii=False).replace("</", "<\\/")
    return (
        f'<script src="{settings.smile_web_script_url}"></script>\n'
        "<script>\n"
        f"  const configuration = {written.replace(chr(10), chr(10) + '  ')};\n"
        "  SmileIdentity({\n"
        "    ...configuration,\n"
        '    onSuccess: () => console.log("submitted"),\n'
        '    onClose: () => console.log("closed"),\n'
        "    onError: (problem) => console.error(problem),\n"
        "  });\n"
        "</script>"
    )


def _moment(seconds: Any) -> datetime | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < LAST_DATE.timestamp():
        return None
    return datetime.fromtimestamp(seconds, UTC)
