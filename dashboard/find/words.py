"""Reads plain words as the filters of a list: "rejected document kenya yesterday"."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.find.days import Days, read_days
from dashboard.find.vocabulary import FILLERS, LISTS, PLAIN_CODES, Vocabulary, Words, singular, vocabulary_of
from dashboard.jobs.comparing.folding import words_of
from dashboard.web.lists.fields import Scope
from dashboard.web.lists.filters import ListFilter

Lists = Sequence[type[ListFilter[Any]]]

#: Of one name of a value.
MOST_WORDS = 6
#: More words are no filter.
LONGEST = 30
_SEPARATORS = re.compile(r"[\s,;!?\"\u201c\u201d]+")
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[/.]\d{1,2}[/.]\d{4}")


@dataclass(frozen=True)
class Word:
    """`is_code`: two capitals in a text that has small letters too."""

    typed: str
    folded: str
    is_code: bool = False

    @property
    def means_nothing(self) -> bool:
        """Whether it names no value alone, though it may be the code of a country."""
        is_short = len(self.folded) == 2 and self.folded.isalpha() and self.folded not in PLAIN_CODES
        return (is_short or self.folded in FILLERS) and not self.is_code


@dataclass(frozen=True)
class Term:
    """Words that mean something: a value by list, a list itself, or days."""

    typed: str
    meanings: dict[str, tuple[str, str]]
    days: Days | None = None
    names_list: str = ""


@dataclass(frozen=True)
class Phrase:
    """What was understood as a filter, if anything, and what was not, each with the reason if there is one."""

    filters: ListFilter[Any] | None
    unknown: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        return self.filters is not None and not self.unknown


def read_phrase(scope: Scope, typed: str, lists: Lists) -> Phrase:
    """Reads the phrase as a filter of one of these lists, the first of those that understand most of it."""
    words = _words_in(typed)
    if not words or len(words) > LONGEST or not lists:
        return Phrase(None, (typed,) if words else ())
    terms, unknown = _terms_in(words, vocabulary_of(scope, lists), scope)
    if not terms:
        return Phrase(None, tuple(unknown))
    chosen = _choose(terms, lists)
    values, not_there = _values(terms, chosen)
    has_list = any(term.names_list for term in terms)
    return Phrase(chosen.from_args(values) if values or has_list else None, (*unknown, *not_there))


def _words_in(typed: str) -> list[Word]:
    words = []
    is_shouted = typed.isupper()
    for part in filter(None, _SEPARATORS.split(typed)):
        is_date = _DATE.fullmatch(part.strip(".")) is not None
        is_code = len(part) == 2 and part.isupper() and not is_shouted
        words += [Word(part, folded, is_code) for folded in ([part.strip(".")] if is_date else words_of(part))]
    return words


def _terms_in(words: Sequence[Word], vocabulary: Vocabulary, scope: Scope) -> tuple[list[Term], list[str]]:
    """What the words mean, the longest run of them first, and the words that mean nothing."""
    terms: list[Term] = []
    unknown: list[str] = []
    today, place = scope.now.astimezone(scope.zone).date(), 0
    while place < len(words):
        rest = words[place:]
        read = read_days(" ".join(word.folded for word in rest), today)
        count = len(" ".join(word.folded for word in rest)[: read.end].split()) if read else 0
        known = _longest(rest, vocabulary)
        if read and count >= len(known):
            terms.append(Term(_as_typed(rest[:count]), {}, days=read.days))
        elif known:
            count = len(known)
            terms.append(Term(_as_typed(rest[:count]), vocabulary[known]))
        elif (named := singular(rest[0].folded)) in LISTS:
            count = 1
            terms.append(Term(rest[0].typed, {}, names_list=LISTS[named]))
        else:
            count = 1
            if rest[0].folded not in FILLERS:
                unknown.append(rest[0].typed)
        place += count
    return terms, list(dict.fromkeys(unknown))


def _longest(words: Sequence[Word], vocabulary: Vocabulary) -> Words:
    for count in range(min(MOST_WORDS, len(words)), 0, -1):
        some = words[:count]
        key = tuple(singular(word.folded) for word in some)
        if key in vocabulary and not all(word.means_nothing for word in some):
            return key
    return ()


def _as_typed(words: Iterable[Word]) -> str:
    return " ".join(dict.fromkeys(word.typed for word in words))


def _choose(terms: Sequence[Term], lists: Lists) -> type[ListFilter[Any]]:
    """The list that was named, else the first of those that understand most terms."""
    by_purpose = {filters.purpose: filters for filters in lists}
    named = [term.names_list for term in terms if term.names_list in by_purpose]
    if named:
        return by_purpose[named[-1]]
    understood = Counter(purpose for term in terms for purpose in term.meanings)
    return max(lists, key=lambda filters: understood[filters.purpose])


def _values(terms: Sequence[Term], chosen: type[ListFilter[Any]]) -> tuple[dict[str, str], list[str]]:
    """The values of the filter, and the terms that do not fit into it."""
    values: dict[str, str] = {}
    wrong = []
    for term in terms:
        if term.names_list:
            if term.names_list != chosen.purpose:
                wrong.append(f"{term.typed} (one list at a time)")
            continue
        if term.days:
            given = {name: day.isoformat() for name, day in term.days._asdict().items() if day}
        elif chosen.purpose in term.meanings:
            given = dict([term.meanings[chosen.purpose]])
        else:
            wrong.append(f"{term.typed} (no filter of {chosen.nouns[1]})")
            continue
        if any(values.get(name, value) != value for name, value in given.items()):
            wrong.append(f"{term.typed} (one at a time)")
        else:
            values |= given
    return values, wrong
