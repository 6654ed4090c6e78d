"""Tokens of Smile's v3 API issued by hand: what is asked of Smile, and what is shown of the answer.

https://github.com/smileidentity/api-reference
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dashboard.config import Settings
from dashboard.jobs.products import FACTS
from dashboard.jobs.smile_api.clients import SmileClients
from dashboard.links.customer.hosted_v3 import partner_details_v3
from dashboard.smile.v3 import Token
from dashboard.smile.v3.constants import PAYLOAD_FIELDS, TOKEN_PRODUCTS
from dashboard.stored_settings import Branding
from dashboard.web.pages.filters import words

PRODUCTS_BY_TOKEN_NAME = {facts.v3.token_name: product for product, facts in FACTS.items() if facts.v3}
#: The products that a token can be limited to, and their words: ours first.
PRODUCTS = {name: FACTS[product].name for name, product in PRODUCTS_BY_TOKEN_NAME.items()} | {
    name: words(name) for name in TOKEN_PRODUCTS if name not in PRODUCTS_BY_TOKEN_NAME
}
#: The names of the products in the script of v12, which has no page for the others.
SCRIPT_NAMES = {facts.v3.token_name: facts.v3.script_name for facts in FACTS.values() if facts.v3}
#: Smile's fields of a payload in the order of the form, and their labels.
LABELS = {
    "country": "Country",
    "id_type": "ID type",
    "id_number": "ID number",
    "given_names": "Given names",
    "last_name": "Last name",
    "email": "E-mail address",
    "phone_number": "Phone number",
    "callback_url": "Callback",
    "consent": "Consent",
}


@dataclass(frozen=True)
class BoundTokenRequest:
    """The token to issue. product: empty for any. user_id: empty lets Smile make one for each job."""

    product: str
    user_id: str
    payload: Mapping[str, Any] = field(repr=False)


def fetch_by_hand(clients: SmileClients, request: BoundTokenRequest) -> Token:
    """Asks Smile for a token. Raises SmileError."""
    return clients.v3_pages.create_token(
        product=request.product or None, user_id=request.user_id or None, payload=request.payload
    )


def bound_values(token: Token) -> dict[str, str]:
    """What the token binds, by label. For personal values it holds only references, as its claims do."""
    payload = token.claims.get("payload")
    held = payload if isinstance(payload, Mapping) else {}
    shown = {name: _shown(held[name]) for name in PAYLOAD_FIELDS if held.get(name)}
    return {LABELS[name]: text for name, text in shown.items()}


def snippet_v3(
    request: BoundTokenRequest, token: Token, branding: Branding, policy: str, settings: Settings
) -> str | None:
    """HTML for the partner's own page that opens Smile's, ready to paste; None where Smile has no page."""
    if request.product not in SCRIPT_NAMES:
        return None
    configuration = {
        "token": token.text,
        "product": SCRIPT_NAMES[request.product],
        "callback_url": request.payload["callback_url"],
        "environment": settings.environment,
        "partner_details": partner_details_v3(branding, policy, settings),
    }
    # No text inside the script may end the script.
    written = json.dumps(configuration, indent=2, ensure_ascii=False).replace("</", "<\\/")
    return (
        f'<script src="{settings.smile_v12_script_url}"></script>\n'
        "<script>\n"
        f"  const configuration = {written.replace(chr(10), chr(10) + '  ')};\n"
        "  SmileIdentity({\n"
        "    ...configuration,\n"
        "    onResult: (result) => console.log(result.status),\n"
        "  });\n"
        "</script>"
    )


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
