"""Registers the feature "hosted links", with web tokens and Smile Links."""

from dashboard.feature import AttentionLine, Feature, NavigationEntry
from dashboard.health_checks import Group, HealthCheck
from dashboard.links import audit_words, codes, counted, event_words, messages, models, search_index, tasks
from dashboard.links.customer import views as customer
from dashboard.links.filters import STALLED, LinkFilter
from dashboard.links.messages import LinkMessage, email_associated_data
from dashboard.links.models import Link, prefill_associated_data
from dashboard.links.smile_links import views as smile_link_views
from dashboard.links.staff import message_views, preview_views, views
from dashboard.links.tokens import v3_views as v3_token_views
from dashboard.links.tokens import views as token_views
from dashboard.permissions import EVERY_ROLE, WORKING, Permission
from dashboard.sealed import SealedColumn

FEATURE = Feature(
    name="links",
    position=20,
    models=(models, codes, messages),
    sealed_columns=(
        SealedColumn(Link, "prefill_sealed", prefill_associated_data),
        SealedColumn(LinkMessage, "email_sealed", email_associated_data),
    ),
    views=(views, message_views, preview_views, smile_link_views, token_views, v3_token_views, customer),
    navigation=(NavigationEntry("Links", "links.index", "links.read", is_on_phones=True),),
    permissions=(
        Permission("links.read", EVERY_ROLE, "See links for customers and how far each customer got"),
        Permission("links.create", WORKING, "Make links for customers"),
        Permission("links.change", WORKING, "Pause, extend, e-mail and revoke links, and remind customers"),
        Permission("tokens.create", WORKING, "Issue web tokens by hand"),
    ),
    audit_words=(audit_words.WORDS, audit_words.TOKEN_WORDS),
    event_words=event_words.WORDS,
    tasks=tasks.TASKS,
    periodic=tasks.PERIODIC,
    health_checks=(HealthCheck(Group.DATA, "Search of links", search_index.check_link_search_index),),
    counted=(counted.COUNTED,),
    attention=(
        AttentionLine(
            ("link opened but not finished", "links opened but not finished"), lambda _: LinkFilter(stage=STALLED)
        ),
    ),
)
