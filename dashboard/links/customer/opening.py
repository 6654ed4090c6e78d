"""Opens Smile's page for a verification that a customer has started: a new token, and what the page needs beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from dashboard.context import current, transaction
from dashboard.db import utc_now
from dashboard.jobs.following.awaiting import note_token
from dashboard.jobs.models import Job
from dashboard.jobs.problems import ProblemKind, problem_of, problem_of_clock, problem_words
from dashboard.jobs.smile_api.clients import smile_clients
from dashboard.links.customer.hosted import fetch_token, hosted_headers, script_address, script_configuration
from dashboard.links.customer.hosted_v3 import fetch_bound_token, lifetime_of, script_configuration_v3
from dashboard.links.customer.starting import give_back_use, note_link_error
from dashboard.links.languages import Texts
from dashboard.links.models import Link
from dashboard.smile import SmileError
from dashboard.smile.constants import SmileApi
from dashboard.smile.v3 import Token
from dashboard.stored_settings import Branding
from dashboard.web.pages.filters import ENGLISH

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Opening:
    """What opens Smile's page in the browser. lifetime: of the token, in seconds; None where it is not known."""

    api: SmileApi
    script: str
    configuration: dict[str, Any] = field(repr=False)
    headers: dict[str, str]
    lifetime: int | None


def token_or_none(link: Link, job: Job, prefill: Mapping[str, str], is_again: bool) -> Token | None:
    """A token, requested after the commit. Without one the use is given back, and staff can read why."""
    settings = current().settings
    try:
        if job.api == SmileApi.V3:
            token = fetch_bound_token(smile_clients(), settings, job, prefill)
        else:
            token = Token(fetch_token(smile_clients(), settings, job))
    except SmileError as error:
        clock, found = current().smile_clients.clock, problem_of(error, ProblemKind.NO_TOKEN)
        if clock.note_refusal(error):
            found = problem_of_clock(clock, is_followed=False)
        log.warning("no_web_token", link=str(link.id), reason=type(error).__name__)
        with transaction() as session:
            if is_again:
                note_link_error(session, link.id, problem_words(found, ENGLISH), utc_now())
            else:
                give_back_use(session, job.id, found, utc_now())
        return None
    with transaction() as session:
        now, locked = utc_now(), session.get_one(Job, job.id, with_for_update=True)
        note_token(session, locked, settings, now, current().smile_clients.clock.time_at_smile(now))
    return token


def opening_of(
    link: Link,
    job: Job,
    token: Token,
    prefill: Mapping[str, str],
    branding: Branding,
    policy: str,
    texts: Texts,
) -> Opening:
    settings, catalogue = current().settings, current().catalogue.get()
    if job.api == SmileApi.V3:
        configuration = script_configuration_v3(job, token, branding, policy, catalogue, texts, settings)
    else:
        configuration = script_configuration(link, job, token.text, prefill, branding, catalogue, texts, settings)
    return Opening(
        job.api,
        script_address(settings, job.api),
        configuration,
        hosted_headers(settings, job.api),
        lifetime_of(token) if job.api == SmileApi.V3 else None,
    )
