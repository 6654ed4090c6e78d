"""Smile's hosted page for one job: a new token, the script's configuration, and what the browser may load.

The token and the configuration of v3 are in hosted_v3.py.

https://docs.usesmileid.com/integration-options/web-mobile-web/web-integration/usage
"""

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from dashboard.config import Settings
from dashboard.jobs.models import Job
from dashboard.jobs.products import FACTS
from dashboard.jobs.smile_api.catalogue import Catalogue
from dashboard.jobs.smile_api.clients import SmileClients
from dashboard.jobs.submitting.callback_keys import callback_address
from dashboard.links.languages import Texts
from dashboard.links.models import Link
from dashboard.smile import SmileError
from dashboard.smile.constants import SANDBOX_URL, SmileApi
from dashboard.stored_settings import Branding
from dashboard.web.security.headers import REPORT_BREACHES

TRIES = 3
WAIT_SECONDS = 0.4
#: No new try starts after this; with one try's timeouts, a customer waits at most ten seconds.
LAST_TRY_AFTER_SECONDS = 5.0
#: Smile's script requires a logo.
DEFAULT_LOGO = "/static/img/favicon.svg"


def fetch_token(clients: SmileClients, settings: Settings, job: Job) -> str:
    """Gets a token for this job. Asking twice is safe, since a token does nothing by itself. Raises SmileError."""
    request = {
        "user_id": job.user_id,
        "job_id": job.job_id,
        "product": FACTS[job.product].web_name,
        "callback_url": callback_address(settings, job.id),
    }
    started = time.monotonic()
    for left in reversed(range(TRIES)):
        try:
            return str(clients.tokens.get_web_token(request)["token"])
        except SmileError as error:
            if not error.may_retry or not left or time.monotonic() - started > LAST_TRY_AFTER_SECONDS:
                raise
        time.sleep(WAIT_SECONDS)
    raise AssertionError("the last try returns or raises")


def script_configuration(
    link: Link,
    job: Job,
    token: str,
    prefill: Mapping[str, str],
    branding: Branding,
    catalogue: Catalogue,
    texts: Texts,
    settings: Settings,
) -> dict[str, Any]:
    """The configuration for `SmileIdentity(...)`; static/js/verify.js adds the functions."""
    offered = offered_id_types(job, catalogue)
    configuration: dict[str, Any] = {
        "token": token,
        "callback_url": callback_address(settings, job.id),
        "product": FACTS[job.product].web_name,
        "environment": environment_of(settings),
        "partner_details": partner_details(branding, settings),
        "partner_params": dict(job.partner_params),
        "translation": {"language": texts.hosted_language},
    }
    if job.country and offered:
        configuration["id_selection"] = {job.country: offered}
        need_consent = _needing_consent(job, offered, catalogue)
        if need_consent:
            configuration["consent_required"] = {job.country: need_consent}
    if job.country and job.id_type and prefill:
        configuration["id_info"] = {
            job.country: {job.id_type: dict(prefill)},
            "allow_modification": not link.prefill_is_locked,
        }
    return configuration


def partner_details(branding: Branding, settings: Settings) -> dict[str, str]:
    """Who asks: the script requires each of these fields."""
    return {
        "name": branding.company_name,
        "logo_url": branding.logo_address(settings.public_url) or settings.public_url + DEFAULT_LOGO,
        "partner_id": settings.smile_partner_id,
        "policy_url": branding.policy_url or settings.public_url,
        "theme_color": branding.theme_color,
    }


def environment_of(settings: Settings) -> str:
    """The script's name for the environment, or another base address, to which it adds the version itself."""
    if settings.environment == "production":
        return "live"
    if settings.smile_server in ("0", SANDBOX_URL):
        return "sandbox"
    return settings.smile_server.removesuffix("/v1")


def script_address(settings: Settings, api: SmileApi) -> str:
    """The address of Smile's script, of v1 or of v12."""
    return settings.smile_v12_script_url if api == SmileApi.V3 else settings.smile_web_script_url


def hosted_headers(settings: Settings, api: SmileApi) -> dict[str, str]:
    """Headers for the only page that loads from another host: Smile's script, and its frame, which uses the camera."""
    parts = urlsplit(script_address(settings, api))
    origin = f"{parts.scheme}://{parts.netloc}"
    policy = (
        "default-src 'none'",
        "object-src 'none'",
        f"script-src 'self' {origin}",
        f"frame-src {origin}",
        "connect-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        REPORT_BREACHES,
    )
    return {
        "Content-Security-Policy": "; ".join(policy),
        "Permissions-Policy": f'camera=(self "{origin}"), geolocation=(), microphone=()',
    }


def offered_id_types(job: Job, catalogue: Catalogue) -> list[str]:
    if job.id_type:
        return [job.id_type]
    choices = catalogue.id_choices(job.product, job.country or "")
    return [choice.id_type for choice in choices if choice.id_type]


def _needing_consent(job: Job, offered: list[str], catalogue: Catalogue) -> list[str]:
    found = (catalogue.find(job.product, job.country or "", id_type) for id_type in offered)
    return [choice.id_type for choice in found if choice is not None and choice.needs_consent]
