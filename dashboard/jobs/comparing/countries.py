"""Compares two countries, each given as a code, a name or a citizenship, in the languages of this product."""

from functools import cache

import iso3166
from babel import Locale

from dashboard.jobs.comparing.folding import words_of
from dashboard.jobs.comparing.likeness import SAME, Comparison, cannot_tell, differs, same_letters, written_differently
from dashboard.languages import LANGUAGES

#: Names of countries in common use that our lists do not have.
OTHER_NAMES = {
    "ivory coast": "CI",
    "swaziland": "SZ",
    "cape verde": "CV",
    "zaire": "CD",
    "uk": "GB",
    "great britain": "GB",
    "england": "GB",
    "usa": "US",
    "united states of america": "US",
    "uae": "AE",
    "drc": "CD",
    "dr congo": "CD",
    "congo kinshasa": "CD",
    "congo brazzaville": "CG",
    "turkey": "TR",
    "tanzania": "TZ",
    "south korea": "KR",
}
#: What a citizen of a country is called, for the countries that Smile serves.
CITIZENS = {
    "nigerian": "NG",
    "ghanaian": "GH",
    "kenyan": "KE",
    "ivorian": "CI",
    "ivoirien": "CI",
    "ivoirienne": "CI",
    "south african": "ZA",
    "ugandan": "UG",
    "zambian": "ZM",
    "ethiopian": "ET",
    "egyptian": "EG",
    "rwandan": "RW",
    "tanzanian": "TZ",
    "senegalese": "SN",
    "cameroonian": "CM",
    "malawian": "MW",
    "zimbabwean": "ZW",
    "beninese": "BJ",
    "togolese": "TG",
    "burkinabe": "BF",
    "malian": "ML",
    "namibian": "NA",
    "mozambican": "MZ",
    "angolan": "AO",
    "liberian": "LR",
    "gambian": "GM",
    "sierra leonean": "SL",
    "moroccan": "MA",
    "tunisian": "TN",
}
#: Names of more than one country.
UNCLEAR_NAMES = frozenset({"congo", "korea"})
#: Words that surround a country's name in its official name.
OFFICIAL = frozenset(
    {"the", "of", "federal", "federale", "democratic", "democratique", "republic", "republique", "republica", "kingdom"}
    | {
        "arab",
        "arabe",
        "islamic",
        "union",
        "united",
        "de",
        "du",
        "la",
        "le",
        "d",
        "da",
        "do",
        "and",
        "state",
        "jamhuri",
    }
    | {"ya", "جمهوريه"}
)


def compare_countries(given: str, returned: str, _: str = "") -> Comparison:
    left, right = country_code(given), country_code(returned)
    if same_letters(given, returned):
        return SAME
    if left is None or right is None:
        return cannot_tell("One of them is not a known country.")
    return written_differently("The same country.") if left == right else differs()


def country_code(text: str) -> str | None:
    """The country's two letters, from a code or from a name in one of the product's languages."""
    words = words_of(text)
    if " ".join(words) in UNCLEAR_NAMES:
        return None
    code = iso3166.countries.get(text.strip(), None)
    if code is not None:
        return str(code.alpha2)
    shortened = [word for word in words if word not in OFFICIAL]
    return _countries_by_name().get(" ".join(words)) or _countries_by_name().get(" ".join(shortened))


@cache
def _countries_by_name() -> dict[str, str]:
    names = OTHER_NAMES | CITIZENS
    for country in iso3166.countries:
        for name in (country.name, country.apolitical_name):
            names.setdefault(" ".join(words_of(name)), country.alpha2)
    for language in LANGUAGES:
        for code, name in Locale(language).territories.items():
            if len(code) == 2:
                names.setdefault(" ".join(words_of(name)), code)
    for name, code in list(names.items()):
        shortened = " ".join(word for word in name.split() if word not in OFFICIAL)
        if shortened:
            names.setdefault(shortened, code)
    return {name: code for name, code in names.items() if name not in UNCLEAR_NAMES}
