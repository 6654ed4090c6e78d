"""Health checks of the team: e-mail, owners and second factors."""

from sqlalchemy import func
from sqlmodel import col, select

from dashboard.health_checks import CheckContext, Finding, bad, ok, unset, warn
from dashboard.permissions import Role
from dashboard.team.email.outbox import find_delayed_mails
from dashboard.team.factors.second_factors import HAS_SECOND_FACTOR
from dashboard.team.models import Member


def mail(context: CheckContext) -> Finding:
    if not context.settings.sends_mail:
        return unset(
            "No mail server is set up, so owners copy the links for invitations and new passwords by hand.",
            "Set DASHBOARD_SMTP_URL and DASHBOARD_MAIL_FROM to send them by e-mail.",
        )
    delayed = find_delayed_mails(context.session)
    if delayed is None:
        return ok("Invitations and resets are sent by e-mail.")
    messages = f"{delayed.count} {'e-mail is' if delayed.count == 1 else 'e-mails are'} waiting for another try."
    return warn(f"{messages} {delayed.last_error}", "Check DASHBOARD_SMTP_URL and the mail server's own log.")


def owners(context: CheckContext) -> Finding:
    enabled = (
        select(func.count()).select_from(Member).where(Member.role == Role.OWNER, col(Member.disabled_at).is_(None))
    )
    count = context.session.exec(enabled).one()
    if count == 0:
        return bad("There is no owner.", "Run `dashboard member add EMAIL --name NAME --role owner`.")
    if count == 1:
        return warn("There is only one owner.", "Invite a second one under Team, so that nobody is locked out.")
    return ok(f"There are {count} owners.")


def second_factors(context: CheckContext) -> Finding:
    without = context.session.exec(
        select(func.count()).select_from(Member).where(col(Member.disabled_at).is_(None), ~HAS_SECOND_FACTOR)
    ).one()
    if without == 0:
        return ok("Every member has a second factor.")
    advice = "Ask them to set one up under Your account. Outside a demo, owners cannot work without one."
    return warn(f"{without} {'member has' if without == 1 else 'members have'} no second factor.", advice)
