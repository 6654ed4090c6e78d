"""Warnings in words, as part of the verdict's sentence or each as a line of its own."""

from collections.abc import Sequence

from dashboard.jobs.warnings import JobWarning
from dashboard.smile.warnings import WarningKind
from dashboard.web.pages.filters import words

MOST_IN_SENTENCE = 2
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def warning_words(warning: JobWarning) -> str:
    """A warning as a clause that can follow "but" or "that"; a claim says that it is one."""
    said = _clause(warning)
    return said if warning.is_confirmed else f"a callback claims that {said}"


def warnings_sentence(warnings: Sequence[JobWarning]) -> str:
    """The most serious warnings in one sentence, without a full stop; empty where there are none."""
    said = [warning_words(warning) for warning in warnings[:MOST_IN_SENTENCE]]
    more = len(warnings) - len(said)
    if more > 0:
        said.append(f"{_number(more)} more warning{'s are' if more > 1 else ' is'} listed below")
    if len(said) < 2:
        return "".join(said)
    # A comma before "and", since each part is a clause.
    return f"{', '.join(said[:-1])}, and {said[-1]}"


def _clause(warning: JobWarning) -> str:
    kind, facts = warning.kind, warning.facts
    count = facts.get("count") or 0
    others = f"{_number(count)} other{'s' if count != 1 else ''}"
    if kind == WarningKind.NUMBER_SEEN_BEFORE:
        return f"this number was used by {others}" if count else "this number was used before"
    if kind == WarningKind.FACE_SEEN_BEFORE:
        return f"this face was seen before under {_number(count)} other user id{'s' if count != 1 else ''}"
    if kind == WarningKind.SUSPECTS:
        return f"Smile Secure links this person to {others}" if count else "Smile Secure suspects fraud"
    if kind == WarningKind.ON_WATCH_LIST:
        lists = facts.get("lists") or ()
        return f"this person is on a watch list ({', '.join(lists[:3])})" if lists else "this person is on a watch list"
    if kind == WarningKind.DETAILS_DIFFER:
        fields = [DETAILS.get(name.casefold(), words(name).lower()) for name in facts.get("fields", ())]
        return f"the {' and '.join(fields) or 'details'} differ{'s' if len(fields) == 1 else ''} from the authority's"
    return CLAUSES[kind]


DETAILS = {"dob": "date of birth", "phone_number": "phone number"}
CLAUSES = {
    WarningKind.DECEASED: "the authority records this person as deceased",
    WarningKind.NOT_ALIVE: "the authority says that this person is not alive",
    WarningKind.DOCUMENT_TAMPERED: "the document looks tampered with",
    WarningKind.DOCUMENT_COPIED: "the document looks like a copy",
    WarningKind.DOCUMENT_EXPIRED: "the document has expired",
    WarningKind.ID_NOT_ACTIVE: "the authority does not list this ID as active",
    WarningKind.NAME_DIFFERS: "the name differs from the authority's",
    WarningKind.SEARCH_FAILED: "Smile Secure could not search for duplicates",
}


def _number(count: int) -> str:
    return NUMBERS[count] if 0 < count < len(NUMBERS) else f"{count:,}"
