"""Health checks of keys: our own, and the partner's."""

import base64
from datetime import datetime, timedelta

from dashboard.health_checks import CheckContext, Finding, bad, ok, unknown, warn
from dashboard.jobs.following.smile_answers import SmileContact
from dashboard.jobs.smile_api.smile_clock import is_off
from dashboard.smile_keys import list_keys, read_keys
from dashboard.web.pages.filters import duration_in_words

FEWEST_SIGNS = 12
FEWEST_BYTES = 16
ROTATE_AFTER_DAYS = 90
JUST_NOW = timedelta(minutes=1)
#: Parts of secrets that were copied from an example.
EXAMPLES = ("change", "example", "secret", "password", "default", "only-for-tests", "0123456789", "abcdefgh")


def secret_key(context: CheckContext) -> Finding:
    value = context.settings.secret_key.get_secret_value()
    others = [key.get_secret_value() for key in (*context.settings.encryption_keys, *context.settings.smile_api_keys)]
    advice = "Make a new one with `openssl rand -hex 32` and set DASHBOARD_SECRET_KEY. Everybody signs in again."
    if value in others:
        return bad("DASHBOARD_SECRET_KEY is also used for something else.", advice)
    if len(set(value)) < FEWEST_SIGNS or any(word in value.lower() for word in EXAMPLES):
        return bad("DASHBOARD_SECRET_KEY is easy to guess.", advice)
    return ok("DASHBOARD_SECRET_KEY is long, and used for nothing else.")


def encryption_keys(context: CheckContext) -> Finding:
    keys = [base64.b64decode(key.get_secret_value()) for key in context.settings.encryption_keys]
    advice = (
        "Make a new one with `openssl rand -base64 32` and put it first in DASHBOARD_ENCRYPTION_KEYS. Keep the old "
        "one behind it until nothing is sealed with it."
    )
    if len(set(keys)) < len(keys):
        return warn("DASHBOARD_ENCRYPTION_KEYS names the same key twice.", "Remove one of them.")
    if any(len(set(key)) < FEWEST_BYTES for key in keys):
        return bad("An encryption key repeats the same bytes and is easy to guess.", advice)
    if any(all(32 <= byte < 127 for byte in key) for key in keys):
        return bad("An encryption key was typed, not generated at random.", advice)
    return ok(
        "1 encryption key, generated at random."
        if len(keys) == 1
        else f"{len(keys)} encryption keys, all generated at random."
    )


def smile_key_age(context: CheckContext) -> Finding:
    rows = list_keys(context.session, context.settings.environment)
    keys = read_keys(context.session, context.settings)
    if keys.unreadable:
        numbers = ", ".join(map(str, keys.unreadable))
        advice = "Add each of them again under Callbacks and keys, copied from Smile's portal."
        return bad(f"API keys that cannot be opened and are left out: {numbers}.", advice)
    number = keys.signing.number
    signing = next((row for row in rows if row.number == number and row.retired_at is None), None)
    if signing is None:
        return unknown("The age of the key that signs for Smile is known once `dashboard web` has started.")
    age = signing.age_in_days(context.now)
    if age > ROTATE_AFTER_DAYS:
        advice = (
            "Make a new one in Smile's portal and add it under Callbacks and keys. Smile asks for that every 90 days."
        )
        return warn(f"The key that signs for Smile is {age} days old.", advice)
    return ok(f"The key that signs for Smile is {age} day{'' if age == 1 else 's'} old.")


def smile_key_works(context: CheckContext) -> Finding:
    answer = context.smile
    if answer is None:
        return unknown("Smile has not been asked yet. The worker asks once an hour, `dashboard doctor` at once.")
    when = when_asked(answer, context.now)
    if answer.is_refused and is_off(answer.clock_offset_seconds):
        return unknown("Smile refuses our signatures because of the clock, so nothing is known about the key.")
    if answer.is_refused:
        advice = "Compare the partner id and the key under Callbacks and keys with those in Smile's portal."
        return bad(f"Smile refused our key {when}.", advice)
    if not answer.was_answered:
        advice = "Check whether this machine can reach the internet. Meanwhile jobs wait and none is lost."
        return bad(f"Smile did not answer {when}.", advice)
    return ok(f"Smile accepted our key {when}.")


def when_asked(answer: SmileContact, now: datetime) -> str:
    silence = now - answer.asked_at
    return "just now" if silence < JUST_NOW else f"{duration_in_words(silence)} ago"
