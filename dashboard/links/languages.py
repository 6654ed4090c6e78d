"""The customer's texts in each language (TOML, in texts/), and which language a request gets."""

import tomllib
from datetime import datetime
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_datetime
from werkzeug.datastructures import LanguageAccept

from dashboard.languages import DEFAULT, LANGUAGES
from dashboard.web.pages.invisible_characters import HIDDEN, Typed
from dashboard.web.pages.locales import Formats, zone_mark

TEXTS_DIR = Path(__file__).parent / "texts"
FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"
AS_MARKUP = {ord(FIRST_STRONG_ISOLATE): "<bdi>", ord(POP_ISOLATE): "</bdi>"}


class Sentence(str):
    """A text for a customer. What was put in keeps its own direction: by marks in plain text, by <bdi> in a page."""

    __slots__ = ()

    def __html__(self) -> str:
        return escape(str(self)).translate(AS_MARKUP)

    @property
    def plain(self) -> Typed:
        """For titles, attributes and text areas, which hold no markup: with the marks as they are."""
        return Typed(self)

    @property
    def unmarked(self) -> str:
        """The words alone, as a record keeps them."""
        return self.translate(dict.fromkeys(AS_MARKUP))


class Texts:
    """One language. `texts("title", company=...)` is the sentence; what is put in keeps its own direction."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.has_hosted_pages = bool(LANGUAGES[language].hosted)
        self.hosted_language = LANGUAGES[language].hosted or LANGUAGES[DEFAULT].hosted
        self._texts = catalogue(language)
        self._locale = Locale.parse(language)
        self.direction = self._locale.text_direction

    def __call__(self, key: str, **values: Any) -> Sentence:
        text = self._texts[key]
        assert isinstance(text, str)
        return Sentence(text.format(**{name: self._isolated(name, str(value)) for name, value in values.items()}))

    def id_type(self, id_type: str, label: str) -> str:
        """The name of an ID type; those with a name of their own, such as BVN, have the same in every language."""
        return str(self._texts["id_types"].get(id_type, label))

    def country(self, code: str) -> str:
        return str(self._locale.territories.get(code, code))

    def moment(self, moment: datetime, time_zone: str) -> str:
        """In the company's zone, which is said, since a customer's is not known without a script."""
        here = Formats(time_zone=time_zone).here(moment)
        return f"{format_datetime(here, self._texts['moment_pattern'], locale=self._locale)} {zone_mark(here)}"

    def _isolated(self, name: str, value: str) -> str:
        value = own_words(value)
        # What makes an address in a message into a link would take the closing mark for a part of it.
        is_isolated = self.direction == "rtl" and name != "address"
        return f"{FIRST_STRONG_ISOLATE}{value}{POP_ISOLATE}" if is_isolated else value


def own_words(text: str) -> Sentence:
    """What the company wrote, without signs that hide or turn text: a page for customers spells out none of them."""
    return Sentence(HIDDEN.sub("", text))


@cache
def texts_in(language: str) -> Texts:
    return Texts(language)


@cache
def catalogue(language: str) -> dict[str, Any]:
    return tomllib.loads((TEXTS_DIR / f"{language}.toml").read_text(encoding="utf-8"))


def choose_language(asked: str, of_link: str, accepted: LanguageAccept) -> str:
    """What the customer switched to, else what the link says, else what the browser prefers."""
    for language in (asked, of_link):
        if language in LANGUAGES:
            return language
    return accepted.best_match(list(LANGUAGES)) or DEFAULT
