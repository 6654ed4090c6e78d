"""The settings page for callbacks and API keys: which key signs, which networks are accepted, and the delivery test."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.exc import IntegrityError

from dashboard.audit.trail import record
from dashboard.callbacks.delivery_test.delivery import send_attempt
from dashboard.callbacks.delivery_test.delivery_test_steps import DeliveryTestStep, explain
from dashboard.callbacks.delivery_test.test_callback import make_test_callback, take_back_test
from dashboard.callbacks.models import Callback
from dashboard.callbacks.queries import find_last_callback
from dashboard.callbacks.receiving.networks import (
    Network,
    named_networks,
    network_as_text,
    parse_networks,
    read_networks,
    write_networks,
)
from dashboard.context import current, reading, transaction
from dashboard.crypto import CANNOT_BE_OPENED
from dashboard.db import utc_now
from dashboard.errors import Conflict, Invalid
from dashboard.jobs.submitting.callback_keys import hook_address
from dashboard.smile import Signature
from dashboard.smile.constants import callback_addresses
from dashboard.smile_keys import SmileKey, add_key, list_keys, read_keys, retire_key, sign_with, smile_keys
from dashboard.web.access import permission_required, recent_confirmation_required
from dashboard.web.pages.answers import json_time, render_page_or_partial, see_other
from dashboard.web.pages.form_state import FormState
from dashboard.web.security.form_keys import form_transaction

ROTATE_AFTER_DAYS = 90

blueprint = Blueprint("callback_settings", __name__)


@dataclass(frozen=True)
class CallbackSettings:
    """The current settings of keys and networks, and the last callback."""

    keys: list[SmileKey]
    signing_number: int
    unreadable: tuple[int, ...]  # numbers of keys
    networks: tuple[Network, ...]
    last_callback: Callback | None


@blueprint.get("/settings/callbacks")
@permission_required("settings.manage")
@recent_confirmation_required("callback_settings.show")
def show() -> ResponseReturnValue:
    return _page()


@blueprint.get("/settings/callbacks.json")
@permission_required("settings.manage")
@recent_confirmation_required("callback_settings.show")
def show_json() -> ResponseReturnValue:
    present = _present()
    last = present.last_callback
    return {
        "address": hook_address(current().settings),
        "keys": [_key_to_json(key, present) for key in present.keys],
        "networks": [network_as_text(network) for network in present.networks],
        "networks_are_enforced": bool(present.networks and current().settings.trusted_proxies),
        "trusted_proxies": current().settings.trusted_proxies,
        "last_callback": last
        and {"id": str(last.id), "received_at": json_time(last.received_at), "verdict": last.verdict},
    }


@blueprint.post("/settings/callbacks/keys")
@permission_required("settings.manage")
@recent_confirmation_required("callback_settings.show")
def add() -> ResponseReturnValue:
    now, environment = utc_now(), current().settings.environment
    try:
        with form_transaction(url_for("callback_settings.show")) as session:
            key = add_key(session, environment, request.form.get("api_key", ""), current_user.email, now)
            record(session, "smile_key.added", f"key {key.number}", now, details={"environment": environment})
    except Invalid as error:
        return _page(error.fields)
    except IntegrityError:
        raise Conflict("Somebody else added a key at the same time.", url_for("callback_settings.show")) from None
    smile_keys(fresh=True)
    return see_other("callback_settings.show", f"Key {key.number} was added. Callbacks may now be signed with it.")


@blueprint.post("/settings/callbacks/keys/<uuid:key_id>/signing")
@permission_required("settings.manage")
@recent_confirmation_required("callback_settings.show")
def sign(key_id: UUID) -> ResponseReturnValue:
    now, environment = utc_now(), current().settings.environment
    with form_transaction(url_for("callback_settings.show")) as session:
        key = sign_with(session, environment, key_id, now)
        record(session, "smile_key.signs", f"key {key.number}", now, details={"environment": environment})
    smile_keys(fresh=True)
    return see_other("callback_settings.show", f"Requests to Smile are signed with key {key.number} from now on.")


@blueprint.post("/settings/callbacks/keys/<uuid:key_id>/retirement")
@permission_required("settings.manage")
@recent_confirmation_required("callback_settings.show")
def retire(key_id: UUID) -> ResponseReturnValue:
    now, environment = utc_now(), current().settings.environment
    with form_transaction(url_for("callback_settings.show")) as session:
        key = retire_key(session, current().settings, key_id, current_user.email, now)
        record(session, "smile_key.retired", f"key {key.number}", now, details={"environment": environment})
    smile_keys(fresh=True)
    return see_other("callback_settings.show", f"Key {key.number} was retired. Callbacks signed with it are refused.")


@blueprint.post("/settings/callbacks/networks")
@permission_required("settings.manage")
def name_networks() -> ResponseReturnValue:
    typed, now = request.form.get("networks", ""), utc_now()
    suggested = callback_addresses(current().settings.environment).get(request.form.get("suggestion", ""), ())
    if suggested:
        return _page(networks="\n".join(dict.fromkeys([*typed.split(), *suggested])))
    try:
        networks = parse_networks(typed)
    except Invalid as error:
        return _page(error.fields, networks=typed)
    with form_transaction(url_for("callback_settings.show")) as session:
        if networks != read_networks(session):
            write_networks(session, current().settings, networks, now)
            details = {"networks": ", ".join(map(network_as_text, networks)) or "everywhere"}
            record(session, "callback_networks.changed", "settings", now, details=details)
    named_networks(fresh=True)
    message = "Saved. Callbacks from elsewhere are refused." if networks else "Callbacks are accepted from everywhere."
    return see_other("callback_settings.show", message)


@blueprint.post("/settings/callbacks/checks")
@permission_required("settings.manage")
def check() -> ResponseReturnValue:
    """Sends a test callback to our own address, with no transaction open meanwhile."""
    settings, key = current().settings, smile_keys(fresh=True).signing
    test = make_test_callback(Signature(settings.smile_partner_id, key.value))
    attempt, now = send_attempt(hook_address(current().settings), test.body), utc_now()
    with transaction() as session:
        arrival = take_back_test(session, test, now)
        steps = explain(attempt, arrival, settings.trusted_proxies)
        details = {"arrived": "yes" if arrival else "no"}
        record(session, "callbacks.tried", "settings", now, details=details)
    return _page(steps=steps, has_arrived=arrival is not None)


def _page(
    errors: dict[str, str] | None = None,
    networks: str | None = None,
    steps: list[DeliveryTestStep] | None = None,
    has_arrived: bool = False,
) -> ResponseReturnValue:
    present, settings = _present(), current().settings
    if networks is None:
        networks = "\n".join(map(network_as_text, present.networks))
    page = render_page_or_partial(
        "settings/callbacks.html",
        "settings/_reach.html",
        **{name: getattr(present, name) for name in CallbackSettings.__dataclass_fields__},
        form=FormState({"networks": networks}, errors or {}),
        is_unsaved=networks.split() != [network_as_text(network) for network in present.networks],
        suggestions=callback_addresses(settings.environment),
        hook_address=hook_address(current().settings),
        steps=steps,
        has_arrived=has_arrived,
        moment_now=utc_now(),
        rotate_after_days=ROTATE_AFTER_DAYS,
    )
    return page, 422 if errors else 200


def _present() -> CallbackSettings:
    settings = current().settings
    with reading() as session:
        keys = read_keys(session, settings)
        return CallbackSettings(
            list_keys(session, settings.environment),
            keys.signing.number,
            keys.unreadable,
            read_networks(session),
            find_last_callback(session, settings.environment),
        )


def _key_to_json(key: SmileKey, present: CallbackSettings) -> dict[str, Any]:
    return {
        "id": str(key.id),
        "number": key.number,
        "added_at": json_time(key.added_at),
        "added_by": key.added_by,
        "age_in_days": key.age_in_days(utc_now()),
        "is_signing": present.signing_number == key.number and key.retired_at is None,
        "problem": CANNOT_BE_OPENED if key.number in present.unreadable else None,
        "retired_at": json_time(key.retired_at),
        "retired_by": key.retired_by or None,
    }
