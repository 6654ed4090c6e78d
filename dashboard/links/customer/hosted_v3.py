"""Smile's hosted page of v3 for one job: a token that binds what is known, and the configuration of the script of v12.

Smile's page does not ask for what the token binds, and the customer cannot change it. The consent is not bound: Smile's
page asks the customer for it, in Smile's own words.

Not documented on a page: the sources are in https://github.com/smileidentity/api-reference
"""

from collections.abc import Mapping
from typing import Any

from dashboard.config import Settings
from dashboard.jobs.models import Job
from dashboard.jobs.products import FACTS, V3Facts
from dashboard.jobs.smile_api.catalogue import Catalogue
from dashboard.jobs.smile_api.clients import SmileClients
from dashboard.jobs.submitting.callback_keys import callback_address
from dashboard.jobs.submitting.markers import MARKER, marker_of
from dashboard.links.customer.hosted import offered_id_types, partner_details
from dashboard.links.languages import Texts
from dashboard.smile.v3 import Token
from dashboard.stored_settings import Branding

#: Our names of personal values -> those of Smile's payload.
PAYLOAD_NAMES = {
    "id_number": "id_number",
    "first_name": "given_names",
    "last_name": "last_name",
    "email": "email",
    "phone_number": "phone_number",
}


def fetch_bound_token(clients: SmileClients, settings: Settings, job: Job, prefill: Mapping[str, str]) -> Token:
    """Gets a token for this job. Asking twice is safe, since a token does nothing by itself. Raises SmileError.

    `prefill`: what staff filled in for the customer.
    """
    known = {name: prefill[own] for own, name in PAYLOAD_NAMES.items() if prefill.get(own)}
    marker = marker_of(settings.secret_key.get_secret_value(), job.id)
    return clients.v3_pages.create_token(
        product=_v3_facts(job).token_name,
        user_id=job.user_id,
        partner_params={**job.partner_params, MARKER: marker},
        payload={"callback_url": callback_address(settings, job.id), **_choice(job), **known},
    )


def lifetime_of(token: Token) -> int | None:
    """How many seconds the token works; None if it does not say. By Smile's clock alone, since ours may be off."""
    issued, expires = token.claims.get("iat"), token.claims.get("exp")
    if not isinstance(issued, int) or not isinstance(expires, int) or expires <= issued:
        return None
    return expires - issued


def script_configuration_v3(
    job: Job,
    token: Token,
    branding: Branding,
    policy: str,
    catalogue: Catalogue,
    texts: Texts,
    settings: Settings,
) -> dict[str, Any]:
    """The configuration for `SmileIdentity(...)`; static/js/verify.js adds the function.

    `policy`: the https address of the privacy policy.
    """
    configuration: dict[str, Any] = {
        "token": token.text,
        "product": _v3_facts(job).script_name,
        "callback_url": callback_address(settings, job.id),
        "environment": settings.environment,
        "partner_details": partner_details_v3(branding, policy, settings),
        "translation": {"language": texts.hosted_language},
    }
    if job.country and not job.id_type and (offered := offered_id_types(job, catalogue)):
        configuration["id_selection"] = {job.country: offered}
    return configuration


def partner_details_v3(branding: Branding, policy: str, settings: Settings) -> dict[str, str]:
    """Who asks: the script requires each of these fields, and v3 wants the partner id without its leading zeros."""
    partner_id = settings.smile_partner_id.lstrip("0")
    return partner_details(branding, settings) | {"partner_id": partner_id, "policy_url": policy}


def _choice(job: Job) -> dict[str, str]:
    return {name: value for name, value in (("country", job.country), ("id_type", job.id_type)) if value}


def _v3_facts(job: Job) -> V3Facts:
    found = FACTS[job.product].v3
    if found is None:
        raise ValueError(f"Smile's v3 API does not offer {job.product}")
    return found
