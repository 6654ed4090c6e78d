"""Registers the team: members, their sign-ins and accounts."""

from dashboard.feature import Feature, NavigationEntry
from dashboard.health_checks import Group, HealthCheck
from dashboard.permissions import OWNERS, Permission
from dashboard.sealed import SealedColumn
from dashboard.team import audit_words, health_checks, models, one_time, tasks
from dashboard.team.account import appearance_views, passkey_views, preference_views, second_factor_views
from dashboard.team.account import views as account_views
from dashboard.team.email import outbox
from dashboard.team.email.outbox import OutgoingMail, content_associated_data
from dashboard.team.factors import models as factor_models
from dashboard.team.factors.models import AuthenticatorApp, app_associated_data
from dashboard.team.login import reauthentication_views, second_step_views, views
from dashboard.team.members import invitation_views, reset_views
from dashboard.team.members import views as member_views

FEATURE = Feature(
    name="team",
    position=40,
    models=(models, factor_models, one_time, outbox),
    sealed_columns=(
        SealedColumn(AuthenticatorApp, "secret_sealed", app_associated_data),
        SealedColumn(OutgoingMail, "content_sealed", content_associated_data),
    ),
    views=(
        views,
        account_views,
        preference_views,
        member_views,
        invitation_views,
        reset_views,
        second_step_views,
        reauthentication_views,
        second_factor_views,
        passkey_views,
        appearance_views,
    ),
    navigation=(NavigationEntry("Team", "team.index", "team.manage"),),
    permissions=(
        Permission("team.manage", OWNERS, "Invite members, change their roles, disable them and reset their passwords"),
    ),
    audit_words=(
        audit_words.WORDS,
        audit_words.INVITATION_WORDS,
        audit_words.GUESSING_WORDS,
        audit_words.MAIL_WORDS,
    ),
    tasks=tasks.TASKS,
    periodic=tasks.PERIODIC,
    health_checks=(
        HealthCheck(Group.NETWORK, "Mail", health_checks.mail),
        HealthCheck(Group.PEOPLE, "Owners", health_checks.owners),
        HealthCheck(Group.PEOPLE, "Second factors", health_checks.second_factors),
    ),
)
