"""Words lines of the trail as sentences. Each slice registers its words and lookups; none is imported here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlmodel import Session

from dashboard.audit.models import AuditEntry
from dashboard.web.pages.filters import words

#: The words for those who are not members.
NOT_MEMBERS = {
    "somebody signed out": "Somebody",
    "command line": "The command line",
    "worker": "The worker",
    "customer": "The customer",
}


@dataclass(frozen=True)
class LinkedName:
    """The current name of the row that a line is about, and the address of its page."""

    name: str
    address: str = ""


#: (session, environment, ids) -> the rows that still exist and may be shown.
Find = Callable[[Session, str, Sequence[UUID]], Mapping[UUID, LinkedName]]
#: (session, environment, typed text) -> ids of rows that match it.
Search = Callable[[Session, str, str], Sequence[UUID]]
#: (session, id of another noun's row) -> ids of rows that belong to that row.
Belonging = Callable[[Session, UUID], Sequence[UUID]]


def find_none(_: Session, __: str, ___: Sequence[UUID]) -> Mapping[UUID, LinkedName]:
    return {}


def search_none(_: Session, __: str, ___: str) -> Sequence[UUID]:
    return ()


@dataclass(frozen=True)
class AuditWords:
    """The words for one noun of a slice. `{subject}` in a sentence becomes the row's name, with a link to it."""

    noun: str  # the beginning of subjects, such as "job", or a whole subject, such as "settings"
    called: str = ""  # for a row without a name, or one that is gone
    sentences: Mapping[str, str] = field(default_factory=dict)  # by action: the words after the person
    looks: frozenset[str] = frozenset()  # the actions by which somebody saw or exported customer data
    address: str = ""  # of the page, where the noun is a whole subject
    find: Find = find_none
    search: Search = search_none
    belonging: Mapping[str, Belonging] = field(default_factory=dict)  # by the noun that the rows belong to


@dataclass(frozen=True)
class Sentence:
    """The parts of a sentence, in order. `about` is a link where `address` is set."""

    who: str
    before: str
    about: str
    after: str
    address: str

    @property
    def text(self) -> str:
        return " ".join(part for part in (self.who, self.before, self.about, self.after) if part)


class Vocabulary:
    """The words of all slices."""

    def __init__(self, nouns: Sequence[AuditWords]) -> None:
        self.nouns = {each.noun: each for each in nouns}
        self.sentences = {action: text for each in nouns for action, text in each.sentences.items()}
        self.looks = frozenset(action for each in nouns for action in each.looks)

    def tell(self, session: Session, environment: str, entries: Sequence[AuditEntry]) -> list[Sentence]:
        """A sentence for each line. The rows of each noun are looked up together."""
        wanted: dict[str, set[UUID]] = {}
        for entry in entries:
            noun, row_id = split_subject(entry.subject)
            if row_id:
                wanted.setdefault(noun, set()).add(row_id)
            if entry.member_id:
                wanted.setdefault("member", set()).add(entry.member_id)
        members = self._members(session, environment, entries)
        wanted.setdefault("member", set()).update(members.values())
        found = {
            noun: self.nouns[noun].find(session, environment, sorted(ids))
            for noun, ids in wanted.items()
            if noun in self.nouns
        }
        return [self._sentence(entry, found, entry.member_id or members.get(entry.who)) for entry in entries]

    def subjects_of(self, session: Session, subject: str) -> list[str]:
        """The subject itself, and those of rows that belong to it, such as a job's callbacks and link."""
        noun, row_id = split_subject(subject)
        found = [subject]
        if row_id:
            for other in self.nouns.values():
                if noun in other.belonging:
                    found += [f"{other.noun} {each}" for each in other.belonging[noun](session, row_id)]
        return found

    def subjects_for(self, session: Session, environment: str, typed: str) -> list[str]:
        """The subjects that a typed text may mean: one of our ids, or a name that a slice knows."""
        row_id = _as_uuid(typed)
        if row_id:
            return [f"{noun} {row_id}" for noun in self.nouns]
        return [
            f"{each.noun} {found}" for each in self.nouns.values() for found in each.search(session, environment, typed)
        ]

    def _members(self, session: Session, environment: str, entries: Sequence[AuditEntry]) -> dict[str, UUID]:
        """The member of each e-mail address in lines without a member id, such as those of sign-ins."""
        addresses = {entry.who for entry in entries if entry.member_id is None and "@" in entry.who}
        found = {who: self.nouns["member"].search(session, environment, who) for who in sorted(addresses)}
        return {who: ids[0] for who, ids in found.items() if ids}

    def _sentence(
        self, entry: AuditEntry, found: Mapping[str, Mapping[UUID, LinkedName]], member_id: UUID | None
    ) -> Sentence:
        noun, row_id = split_subject(entry.subject)
        person = found.get("member", {}).get(member_id) if member_id else None
        known = self.nouns.get(noun)
        row = found.get(noun, {}).get(row_id) if row_id else None
        if row is None:
            name = f"{(known and known.called) or noun} {str(row_id)[:8]}…" if row_id else (known and known.called)
            row = LinkedName(name or entry.subject, known.address if known else "")
        sentence = self.sentences.get(entry.action) or f"{_plainly(entry.action)}: {{subject}}"
        before, has_subject, after = sentence.partition("{subject}")
        about, address = (row.name, row.address) if has_subject else ("", "")
        return Sentence(
            person.name if person else who_in_words(entry.who), before.strip(), about, after.strip(), address
        )


def who_in_words(who: str) -> str:
    return NOT_MEMBERS.get(who, who)


def split_subject(subject: str) -> tuple[str, UUID | None]:
    """Splits "processing run 0192..." into noun and id. A subject without an id is all noun."""
    noun, _, last = subject.rpartition(" ")
    row_id = _as_uuid(last)
    return (noun, row_id) if noun and row_id else (subject, None)


def _plainly(action: str) -> str:
    """Words an action that has no sentence: "member.role_changed" becomes "member, role changed"."""
    noun, _, verb = action.partition(".")
    return f"{words(noun).lower()}, {words(verb).lower()}"


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


OWN_WORDS = AuditWords(
    noun="audit trail",
    called="the audit trail",
    address="/audit",
    sentences={
        "audit.check_asked": "had the chain of {subject} checked",
        "audit.exported": "exported lines of {subject}",
        "audit.forgotten": "removed lines of {subject} whose retention time was over",
    },
)
