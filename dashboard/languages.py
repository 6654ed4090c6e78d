"""The languages: one row each, for customers' texts, members' formats, and the reading of dates and countries.

A new language is a row here and its texts in links/texts/.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    name: str  # in its own words
    locale: str = ""  # how Babel writes dates and numbers for members, where its code alone means something else
    hosted: str = ""  # what Smile's own pages call it; empty: they do not speak it
    other_months: tuple[str, ...] = ()  # locales with further names of the months


DEFAULT = "en"
#: By code, in the order in which people choose.
LANGUAGES: Mapping[str, Language] = {
    # As it is written outside the United States, where most readers are.
    "en": Language("English", locale="en_GB", hosted="en-GB"),
    "fr": Language("Français", hosted="fr-FR"),
    "pt": Language("Português"),
    "ar": Language("العربية", hosted="ar-EG", other_months=("ar_SY",)),
    "sw": Language("Kiswahili"),
}
#: For a list to choose from.
LANGUAGE_NAMES: Mapping[str, str] = {code: language.name for code, language in LANGUAGES.items()}
