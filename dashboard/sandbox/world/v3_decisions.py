"""What a job of v3 decides: by the named test persons, by `sandbox_result`, and by what is being checked."""

from typing import NamedTuple

from dashboard.sandbox.fields import Json
from dashboard.sandbox.settings import SandboxSettings
from dashboard.smile.constants import result_codes
from dashboard.smile.v3.sandbox_people import SandboxPerson, sandbox_people

SCREENINGS = frozenset({"one_time_aml", "aml_monitoring"})
#: Outcome of a published code -> decision and reason, for `sandbox_result`.
_OF_OUTCOME = {
    "approved": ("clear", ""),
    "rejected": ("block", "face_verification_failed"),
    "provisional": ("attention", "medium_risk"),
    "error": ("error", "internal_error"),
}
#: Reason -> decision, where the address itself asks for one: the simulator's own magic words.
ADDRESS_REASONS = {
    "information_outdated": "attention",
    "address_out_of_range": "block",
    "name_mismatch": "block",
    "no_address_on_record": "block",
    "identifier_not_found": "block",
    "service_unavailable": "error",
}


class Verdict(NamedTuple):
    """decision: clear, attention, block or error. reason: Smile's word for it, "" for clear."""

    decision: str
    reason: str


def verdict(product: str, given: Json, settings: SandboxSettings, *, is_flagged: bool) -> Verdict:
    """The decision about a job.

    given: what was submitted, by field. is_flagged: the user was reported as fraudulent.

    https://github.com/smileidentity/api-reference
    """
    if is_flagged:
        return Verdict("block", "account_locked_fraud")
    if (wished := given.get("sandbox_result")) is not None and (found := _of_code(wished)):
        return found
    if product in SCREENINGS and settings.v3_aml_examples:
        for name, found in AML_EXAMPLES.items():
            if name in str(given.get("full_name", "")).lower().split():
                return found
    if product == "address_verification":
        for reason, decision in ADDRESS_REASONS.items():
            if reason in str(given.get("address", "")):
                return Verdict(decision, reason)
    person = _person(given.get("user_details") or {}, settings)
    if person is None:
        return _unknown(product, settings)
    return Verdict(person.decision, person.reason) if person.concerns(product) else Verdict("clear", "")


#: Undocumented: these names are examples in the specification, and may be test persons.
AML_EXAMPLES = {
    "okafor": Verdict("clear", ""),
    "afolabi": Verdict("block", "aml_match_found"),
    "oni": Verdict("attention", "news_media_match"),
    "omar": Verdict("block", "high_risk"),
}


def _person(details: Json, settings: SandboxSettings) -> SandboxPerson | None:
    given = {name: str(details.get(name) or "").strip().lower() for name in ("last_name", "given_names", "email")}
    for person in sandbox_people():
        by_last_name = not person.email and settings.v3_lockhart_by_last_name
        names = ("last_name",) if by_last_name else tuple(given)
        if all(getattr(person, name).lower() == given[name] for name in names):
            return person
    return None


def _unknown(product: str, settings: SandboxSettings) -> Verdict:
    if settings.v3_unknown_person == "error":
        return Verdict("error", "internal_error")
    return Verdict("block", "aml_match_found" if product in SCREENINGS else "high_risk")


def _of_code(number: float) -> Verdict | None:
    """Undocumented: which numbers decide what. The published result codes of v1 do here."""
    code = f"{int(number):04}"
    outcome = next((row.outcome for row in result_codes() if row.code == code and row.outcome in _OF_OUTCOME), None)
    return Verdict(*_OF_OUTCOME[outcome]) if outcome else None
