"""The texts for customers in each language (TOML files in texts/), and the language for a request."""

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
from dashboard.web.pages.invisible_characters import HIDDEN, KeepAsTyped
from dashboard.web.pages.locales import Formats, zone_mark

TEXTS_DIR = Path(__file__).parent / "texts"
FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"
AS_MARKUP = {ord(FIRST_STRONG_ISOLATE): "<bdi>", ord(POP_ISOLATE): "</bdi>"}


class Sentence(str):
    """A text for a customer. Inserted values keep their own direction: by marks in plain text, by <bdi> in a page."""

    __slots__ = ()

    def __html__(self) -> str:
        return escape(str(self)).translate(AS_MARKUP)

    @property
    def plain(self) -> KeepAsTyped:
        """The text with its marks, for titles, attributes and text areas, which hold no markup."""
        return KeepAsTyped(self)

    @property
    def unmarked(self) -> str:
        """The words alone, as they are stored."""
        return self.translate(dict.fromkeys(AS_MARKUP))


class Texts:
    """The texts in one language: `texts("title", company=...)` is a sentence with the values inserted."""

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
        """The name of an ID type; a proper name, such as BVN, is the same in every language."""
        return str(self._texts["id_types"].get(id_type, label))

    def country(self, code: str) -> str:
        return str(self._locale.territories.get(code, code))

    def moment(self, moment: datetime, time_zone: str) -> str:
        """A time in the company's time zone, which is named: the customer's is unknown without JavaScript."""
        here = Formats(time_zone=time_zone).here(moment)
        return f"{format_datetime(here, self._texts['moment_pattern'], locale=self._locale)} {zone_mark(here)}"

    def _isolated(self, name: str, value: str) -> str:
        value = own_words(value)
        # Apps that turn an address in a message into a link would include the closing mark.
        is_isolated = self.direction == "rtl" and name != "address"
        return f"{FIRST_STRONG_ISOLATE}{value}{POP_ISOLATE}" if is_isolated else value


def own_words(text: str) -> Sentence:
    """The company's own words, without characters that hide or turn text: customers' pages do not spell them out."""
    return Sentence(HIDDEN.sub("", text))


@cache
def texts_in(language: str) -> Texts:
    return Texts(language)


@cache
def catalogue(language: str) -> dict[str, Any]:
    return tomllib.loads((TEXTS_DIR / f"{language}.toml").read_text(encoding="utf-8"))


def choose_language(asked: str, of_link: str, accepted: LanguageAccept) -> str:
    """The language that the customer chose, else the link's, else the one that the browser prefers."""
    for language in (asked, of_link):
        if language in LANGUAGES:
            return language
    return accepted.best_match(list(LANGUAGES)) or DEFAULT
