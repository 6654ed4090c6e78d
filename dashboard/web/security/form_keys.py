"""Form keys: a form that is sent twice, in turn or at once, does its work once.

Each form carries a key that is made when the form is shown. The first press stores the key in the transaction of its
work. A second press waits for that transaction, finds the key, and is led to where the first one led.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from flask import Flask, flash, redirect, request
from flask.typing import ResponseReturnValue
from sqlmodel import Field, Session, SQLModel, col, delete, select, update

from dashboard.context import transaction
from dashboard.db import UtcDateTime, insert_into, utc_now
from dashboard.errors import Conflict

FIELD = "form_key"
KEPT_FOR = timedelta(days=1)
PRESSED_BEFORE = "This form was already sent, so nothing was done a second time. Here is the result."


class PressedForm(SQLModel, table=True):
    __tablename__ = "pressed_form"

    key: UUID = Field(primary_key=True)
    pressed_at: datetime = Field(sa_type=UtcDateTime, index=True)
    leads_to: str  # the path of one of our pages


class PressedBefore(Exception):  # not an error: it leads to the result of the first press
    def __init__(self, leads_to: str) -> None:
        super().__init__()
        self.leads_to = leads_to


def set_up_form_keys(app: Flask) -> None:
    app.jinja_env.globals["form_key"] = form_key
    app.register_error_handler(PressedBefore, _lead_on)


def form_key() -> str:
    """A new key for the field `form_key` of a form."""
    return str(uuid4())


@contextmanager
def form_transaction(leads_to: str = "") -> Iterator[Session]:
    """One write transaction for one form. Raises PressedBefore if the form has already done its work.

    `leads_to`: the path of the page that shows the result. If the form makes that page, `lead_to` names it later.
    """
    with return_on_conflict(leads_to), transaction() as session:
        earlier = claim_press(session, leads_to, utc_now())
        if earlier is not None:
            raise PressedBefore(earlier)
        yield session


@contextmanager
def return_on_conflict(page: str) -> Iterator[None]:
    """Makes a Conflict in the block lead back to this page, which says why (errors.py)."""
    try:
        yield
    except Conflict as late:
        late.leads_to = late.leads_to or page
        raise


def claim_press(session: Session, leads_to: str, now: datetime) -> str | None:
    """None for the first press of this form; for any other press, the path that the first one led to.

    None also for a form without a key, as programs send it. Call it first in its transaction: presses at the same time
    wait here, before anything else is locked.
    """
    key = _key_of_request()
    if key is None:
        return None
    row = insert_into(session, PressedForm).values(key=key, pressed_at=now, leads_to=_without_search(leads_to))
    if session.connection().execute(row.on_conflict_do_nothing().returning(col(PressedForm.key))).first():
        return None
    return session.exec(select(PressedForm.leads_to).where(PressedForm.key == key)).one()


def note_result_page(session: Session, leads_to: str) -> None:
    """Names the page that the next presses lead to, once the first press has made it."""
    is_this = col(PressedForm.key) == _key_of_request()
    session.exec(update(PressedForm).where(is_this).values(leads_to=_without_search(leads_to)))


def forget_old_presses(session: Session, now: datetime) -> None:
    session.exec(delete(PressedForm).where(col(PressedForm.pressed_at) < now - KEPT_FOR))


def _without_search(address: str) -> str:
    """The address without its query: what somebody searched for, sealed or not, is not kept here."""
    return address.partition("?")[0]


def _key_of_request() -> UUID | None:
    try:
        return UUID(request.form.get(FIELD, ""))
    except ValueError:
        return None


def _lead_on(pressed: PressedBefore) -> ResponseReturnValue:
    flash(PRESSED_BEFORE)
    return redirect(pressed.leads_to, 303)
