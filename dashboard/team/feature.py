"""The team registers itself: members and the ways in."""

from dashboard.feature import Feature, NavigationEntry
from dashboard.health_checks import Group, HealthCheck
from dashboard.permissions import OWNERS, Permission
from dashboard.sealed import SealedColumn
from dashboard.team import (
    account_views,
    appearance_views,
    confirmation_views,
    door_models,
    door_views,
    health_checks,
    invitation_views,
    member_views,
    models,
    one_time,
    outbox,
    passkey_views,
    preference_views,
    reset_views,
    second_factor_views,
    tasks,
    trail_words,
    views,
)
from dashboard.team.door_models import AuthenticatorApp, app_identity
from dashboard.team.outbox import OutgoingMail, content_identity

FEATURE = Feature(
    name="team",
    position=40,
    models=(models, door_models, one_time, outbox),
    sealed_columns=(
        SealedColumn(AuthenticatorApp, "secret_sealed", app_identity),
        SealedColumn(OutgoingMail, "content_sealed", content_identity),
    ),
    views=(
        views,
        account_views,
        preference_views,
        member_views,
        invitation_views,
        reset_views,
        door_views,
        confirmation_views,
        second_factor_views,
        passkey_views,
        appearance_views,
    ),
    navigation=(NavigationEntry("Team", "team.index", "team.manage"),),
    permissions=(
        Permission("team.manage", OWNERS, "Invite members, change their roles, disable them and reset their passwords"),
    ),
    audit_words=(
        trail_words.WORDS,
        trail_words.INVITATION_WORDS,
        trail_words.GUESSING_WORDS,
        trail_words.MAIL_WORDS,
    ),
    tasks=tasks.TASKS,
    periodic=tasks.PERIODIC,
    health_checks=(
        HealthCheck(Group.NETWORK, "Mail", health_checks.mail),
        HealthCheck(Group.PEOPLE, "Owners", health_checks.owners),
        HealthCheck(Group.PEOPLE, "Second factors", health_checks.second_factors),
    ),
)
