"""The languages: one row each, for customers' texts, members' formats, and reading dates and countries.

To add a language, add a row here and its texts in links/texts/.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    name: str  # in the language itself
    locale: str = ""  # Babel's locale for members' dates and numbers, if it is not the code
    hosted: str = ""  # its code on Smile's own pages; empty if they lack it
    other_months: tuple[str, ...] = ()  # locales with other names of the months


DEFAULT = "en"
#: By code, in the order of the list that people choose from.
LANGUAGES: Mapping[str, Language] = {
    # British formats, since most readers are outside the United States.
    "en": Language("English", locale="en_GB", hosted="en-GB"),
    "fr": Language("Français", hosted="fr-FR"),
    "pt": Language("Português"),
    "ar": Language("العربية", hosted="ar-EG", other_months=("ar_SY",)),
    "sw": Language("Kiswahili"),
}
#: Choices for a form.
LANGUAGE_NAMES: Mapping[str, str] = {code: language.name for code, language in LANGUAGES.items()}
