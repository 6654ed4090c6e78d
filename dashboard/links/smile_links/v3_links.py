"""Smile Links of v3: made by one call. Smile can neither list nor count nor disable them.

So a link whose answer was lost cannot be found again. Another try makes another one; nobody knows the address of the
first, and it costs nothing unless somebody uses it.

https://github.com/smileidentity/api-reference
"""

from dashboard.config import Settings
from dashboard.jobs.submitting.callback_keys import hook_address
from dashboard.links.customer.hosted import partner_details
from dashboard.links.models import Link
from dashboard.links.smile_links.smile_links import (
    CreatedSmileLink,
    SmileLinkFailed,
    explain,
    is_address,
    name_at_smile,
)
from dashboard.smile import SmileError
from dashboard.smile.v3 import Client, NewLink
from dashboard.stored_settings import Branding


def link_for_v3(link: Link, branding: Branding, policy: str, settings: Settings) -> NewLink:
    """The link to make. `policy`: the https address of the privacy policy."""
    partner = partner_details(branding, settings)
    return NewLink(
        name=name_at_smile(link),
        id_types=link.choices,
        notice_privacy_policy_url=policy,
        is_single_use=link.uses_allowed == 1,
        callback_url=hook_address(settings),
        expires_at=link.expires_at,
        # Smile takes https alone; without a logo its page shows the name.
        logo_url=partner["logo_url"] if partner["logo_url"].startswith("https://") else None,
        theme_color=partner["theme_color"],
        partner_params={"link_id": str(link.id)},
        user_id=link.user_id or None,
    )


def make_v3_link(client: Client, wanted: NewLink) -> CreatedSmileLink | SmileLinkFailed:
    """Makes the link at Smile, by a single call."""
    try:
        made = client.links.create(wanted)
    except SmileError as error:
        return SmileLinkFailed(explain(error), error.maybe_sent)
    if not is_address(made.link):
        return SmileLinkFailed("Smile's answer contains no address.", may_exist=True)
    return CreatedSmileLink(made.ref_id, made.link)
