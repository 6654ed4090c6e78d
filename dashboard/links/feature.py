"""Hosted links register themselves, with web tokens and Smile Links."""

from dashboard.feature import Feature, NavigationEntry
from dashboard.health_checks import Group, HealthCheck
from dashboard.links import (
    customer,
    earlier_codes,
    event_words,
    message_views,
    messages,
    models,
    preview_views,
    search_index,
    smile_link_views,
    tasks,
    token_views,
    trail_words,
    views,
)
from dashboard.links.messages import LinkMessage, email_identity
from dashboard.links.models import Link, prefill_identity
from dashboard.permissions import EVERY_ROLE, WORKING, Permission
from dashboard.sealed import SealedColumn

FEATURE = Feature(
    name="links",
    position=20,
    models=(models, earlier_codes, messages),
    sealed_columns=(
        SealedColumn(Link, "prefill_sealed", prefill_identity),
        SealedColumn(LinkMessage, "email_sealed", email_identity),
    ),
    views=(views, message_views, preview_views, smile_link_views, token_views, customer),
    navigation=(NavigationEntry("Links", "links.index", "links.read", is_on_phones=True),),
    permissions=(
        Permission("links.read", EVERY_ROLE, "See links for customers and how far each customer came"),
        Permission("links.create", WORKING, "Make links for customers"),
        Permission("links.change", WORKING, "Pause, extend, remind of, e-mail and revoke links"),
        Permission("tokens.create", WORKING, "Issue web tokens by hand"),
    ),
    audit_words=(trail_words.WORDS, trail_words.TOKEN_WORDS),
    event_words=event_words.WORDS,
    tasks=tasks.TASKS,
    periodic=tasks.PERIODIC,
    health_checks=(HealthCheck(Group.DATA, "Search of links", search_index.searched_links),),
)
