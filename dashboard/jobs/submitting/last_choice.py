"""The product, country and ID type that a form starts with: from its address, or what the member sent last."""

from typing import Any

from flask import request
from flask_login import current_user
from sqlmodel import Session

from dashboard.jobs.submitting.choosing import Choosing
from dashboard.team.account.preferences import set_preference
from dashboard.web.pages.preferences import preference

NAMES = ("product", "country", "id_type")


def asked_choice() -> dict[str, str]:
    return {name: request.args[name] for name in NAMES if request.args.get(name)}


def last_choice(form: str) -> dict[str, str]:
    stored: dict[str, Any] = preference(form, {})
    return {name: value for name in NAMES if isinstance(value := stored.get(name), str)}


def remember_choice(session: Session, form: str, sent: Choosing) -> None:
    """Stores the choice for this member. Call it before a job or link is locked (lock_order.py)."""
    choice = {name: value for name in NAMES if (value := sent.address_values.get(name))}
    if choice != last_choice(form):
        set_preference(session, current_user.id, form, choice)
