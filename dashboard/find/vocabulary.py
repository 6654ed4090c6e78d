"""The words of each list's filters: their own choices, and what people say instead."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from dashboard.jobs.comparing.folding import words_of
from dashboard.web.lists.fields import FieldKind, Scope
from dashboard.web.lists.filters import ListFilter

#: A phrase as its words, each in the singular.
Words = tuple[str, ...]
#: What a phrase means in each list: a field and its value, by the list's purpose.
Vocabulary = dict[Words, dict[str, tuple[str, str]]]

#: The field of who made a row.
MAKER = "maker"
#: Words that name a list.
LISTS: Mapping[str, str] = {
    **dict.fromkeys(("job", "verification", "check"), "jobs"),
    **dict.fromkeys(("link", "invite"), "links"),
    **dict.fromkeys(("callback", "webhook", "hook"), "callbacks"),
}
#: Codes of countries that are read in small letters too; the others may be words.
PLAIN_CODES = frozenset({"ci", "gh", "ke", "ng", "rw", "tz", "ug", "uk", "za", "zm", "zw"})
#: Words that say nothing here.
FILLERS = frozenset(
    {
        *("a", "all", "and", "any", "are", "at", "be", "by", "every", "find", "for", "from", "get", "give", "has"),
        *("have", "i", "in", "is", "it", "list", "me", "my", "of", "on", "only", "or", "our", "please", "show"),
        *("so", "that", "the", "their", "there", "these", "this", "to", "us", "was", "we", "were", "which", "with"),
        *("as", "am", "an", "do", "code"),
    }
)
#: What people say for a value of a field.
SYNONYMS: Mapping[tuple[str, str], Sequence[str]] = {
    ("outcome", "approved"): ("passed", "pass", "approval", "accepted", "successful", "success", "cleared", "verified"),
    ("outcome", "rejected"): ("declined", "rejection", "denied", "reject", "did not pass", "not approved"),
    ("outcome", "provisional"): ("under review", "not final", "in review"),
    ("outcome", "attention"): ("flagged", "needs a look"),
    ("outcome", "error"): ("errored", "with error"),
    ("state", "failed"): ("failure", "not sent", "failed to submit"),
    ("state", "waiting"): ("pending", "in progress", "open", "running", "unsettled"),
    ("state", "done"): ("finished", "completed", "complete", "settled"),
    ("state", "expired"): ("timed out",),
    ("state", "cancelled"): ("canceled", "stopped"),
    ("state", "awaiting_customer"): ("waiting for customer", "waiting for the customer", "with customer"),
    ("product", "document_verification"): ("document", "doc", "docv", "doc verification", "document check"),
    ("product", "enhanced_document_verification"): ("enhanced document", "enhanced doc", "enhanced doc verification"),
    ("product", "biometric_kyc"): ("biometric", "biometrics", "bio kyc"),
    ("product", "enhanced_kyc"): ("ekyc",),
    ("product", "smartselfie_registration"): ("registration", "enrolment", "enrollment", "enrolled"),
    ("product", "smartselfie_authentication"): ("authentication", "selfie authentication", "face match"),
    ("product", "business_verification"): ("business", "kyb", "company"),
    ("api", "v1"): ("version 1", "old api", "api v1", "by v1", "v2"),
    ("api", "v3"): ("version 3", "new api", "api v3", "by v3"),
    ("needs", "disagreement"): ("contradicted", "contradiction", "disagreed"),
    ("needs", "warning"): ("warning", "with warning", "warned", "suspicious approval"),
    ("needs", "overdue"): ("overdue", "late", "callback overdue"),
    ("needs", "maybe_charged"): ("may have been charged", "maybe charged", "answer lost"),
    ("needs", "error"): ("to run again", "run again"),
    ("verdict", "valid"): ("valid", "genuine", "signed"),
    ("verdict", "wrong"): ("wrong signature", "bad signature", "invalid", "invalid signature", "refused", "forged"),
    ("verdict", "missing"): ("unsigned", "without signature"),
    ("verdict", "stale"): ("stale", "too old"),
    ("verdict", "alarm"): ("alarm", "alarming"),
    ("verdict", "reused"): ("reused", "replayed", "replay"),
    ("verdict", "reflected"): ("reflected",),
    ("job", "none"): ("orphan", "orphaned", "without job"),
    ("again", "yes"): ("repeated", "duplicate", "twice", "again"),
    ("stage", "created"): ("unopened", "not opened"),
    ("stage", "stalled"): ("unfinished", "stalled", "abandoned", "not finished"),
    ("stage", "result"): ("with result", "answered"),
    ("id_type", "DRIVERS_LICENSE"): ("driving licence", "drivers licence", "driving license", "driver licence"),
    ("id_type", "VOTER_ID"): ("voter card", "voters card", "voter"),
    ("id_type", "NIN"): ("national identification number",),
    ("id_type", "BVN"): ("bank verification number",),
    ("country", "NG"): ("nigerian", "naija"),
    ("country", "GH"): ("ghanaian",),
    ("country", "KE"): ("kenyan",),
    ("country", "ZA"): ("south african", "rsa"),
    ("country", "UG"): ("ugandan",),
    ("country", "ZM"): ("zambian",),
    ("country", "RW"): ("rwandan",),
    ("country", "TZ"): ("tanzania", "tanzanian"),
    ("country", "CI"): ("ivory coast", "ivorian"),
    ("country", "CD"): ("drc", "dr congo", "congolese"),
    ("country", "ZW"): ("zimbabwean",),
    ("country", "SN"): ("senegalese",),
    ("country", "CM"): ("cameroonian",),
    ("country", "US"): ("usa", "american"),
    ("country", "GB"): ("uk", "british"),
}


@lru_cache(maxsize=10_000)
def singular_words(text: str) -> Words:
    return tuple(map(singular, words_of(text)))


def singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    return word[:-1] if len(word) > 2 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def vocabulary_of(scope: Scope, lists: Iterable[type[ListFilter[Any]]]) -> Vocabulary:
    known: Vocabulary = {}
    for filters in lists:
        for text, field, value in _choices(scope, filters):
            if words := singular_words(text):
                known.setdefault(words, {}).setdefault(filters.purpose, (field, value))
    return known


def _choices(scope: Scope, filters: type[ListFilter[Any]]) -> Iterator[tuple[str, str, str]]:
    """A text, a field and its value; of two that read the same, the first one counts."""
    offered = filters().offered(scope)
    for (field, value), spoken in SYNONYMS.items():
        if value in offered.get(field, ()):
            yield from ((text, field, value) for text in spoken)
    for name, choices in offered.items():
        declared = filters.declared()[name]
        if declared.kind == FieldKind.CHOICE and not declared.within:
            # A member may have the name of a customer.
            before = "by " if name == MAKER else ""
            for value, label in choices.items():
                yield before + label, name, value
                if value != "yes":
                    yield before + value, name, value
