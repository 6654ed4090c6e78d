"""What each product asks for, by country and ID type: from Smile's live answer, else from the shipped tables."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from dashboard.jobs.products import FACTS, Product
from dashboard.smile import id_number_pattern
from dashboard.smile.constants import TEST_NUMBERS, document_types, id_types
from dashboard.smile.number_formats import what_is_expected, what_was_found
from dashboard.web.pages.locales import formats_here

#: Used while Smile's own list of what needs consent is unavailable.
KNOWN_TO_NEED_CONSENT = frozenset({("NG", "NIN_V2"), ("NG", "BVN_MFA")})
#: Asked for every job anyway, or parts of a date that the form asks for as a whole.
NOT_ASKED = frozenset({"country", "id_type", "user_id", "job_id", "day", "month", "year", "company"})


SPOKEN_IN_FULL = {"BVN", "NIN", "TIN", "SSNIT", "KRA", "MFA", "ID", "V2", "CAC", "TPIN"}


@cache
def country_names() -> dict[str, str]:
    return {row.country: row.country_name for row in document_types()}


def country_name(code: str) -> str:
    """The country's name in the member's language; in English as Smile writes it."""
    formats = formats_here()
    name = country_names().get(code, code)
    return name if formats.language == "en" else formats.country(code) or name


def id_type_words(id_type: str) -> str:
    """An ID type as people write it: "NATIONAL_ID_NO_PHOTO" -> "National ID no photo"."""
    words = [word if word in SPOKEN_IN_FULL else word.lower() for word in id_type.split("_")]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


@dataclass(frozen=True)
class IdChoice:
    """One ID type of one country for one product, with the form fields that it needs."""

    country: str
    id_type: str
    label: str
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    pattern: str = ""
    is_live: bool = False  # the pattern is Smile's current one: a number that does not match would be refused
    test_number: str = ""
    needs_consent: bool = False
    has_back: bool = False

    @property
    def number_name(self) -> str:
        """The name of the number; some labels contain the word already."""
        return self.label if "umber" in self.label else f"{self.label} number"

    def number_help(self, *, has_example: bool) -> str:
        """A hint such as "11 digits, for example 00000000000."; empty where nothing is known about the number."""
        example = f"for example {self.test_number}" if has_example and self.test_number else ""
        said = ", ".join(filter(None, (what_is_expected(self.pattern), example)))
        return f"{said[0].upper()}{said[1:]}." if said else ""

    def matches(self, number: str) -> bool:
        """Whether the number fits the published pattern; an unreadable pattern fits everything."""
        compiled = id_number_pattern(self.pattern)
        return compiled is None or compiled.fullmatch(number) is not None

    def problem_with(self, number: str) -> str:
        """What is wrong with a number that does not match: what was expected and what was found."""
        expected = what_is_expected(self.pattern)
        if expected:
            return f"The {self.number_name} needs {expected}; this has {what_was_found(number, self.pattern)}."
        example = f" For example {self.test_number}." if self.test_number else ""
        return f"This does not look like a {self.number_name}.{example} Check it again."


class Catalogue:
    """The ID types and fields of each product; a new one is built from every live answer."""

    def __init__(self, services: dict[str, Any] | None = None, config: dict[str, Any] | None = None) -> None:
        self._live = _mapping((services or {}).get("hosted_web"))
        consent = (config or {}).get("consentRequired")
        self._consent: Mapping[str, Any] | None = consent if isinstance(consent, Mapping) else None
        self.is_live = bool(self._live)
        banks = (services or {}).get("bank_codes")
        self.bank_codes = tuple(
            (str(bank["code"]), str(bank["name"]))
            for bank in (banks if isinstance(banks, list) else ())
            if isinstance(bank, Mapping) and {"code", "name"} <= bank.keys()
        )
        self.country_names = country_names()

    def countries(self, product: Product) -> list[tuple[str, str]]:
        """Codes and names, sorted by name; empty for a product that needs no country."""
        codes = {choice.country for choice in self._choices(product)}
        return sorted(((code, self.country_names.get(code, code)) for code in codes), key=lambda pair: pair[1])

    def id_choices(self, product: Product, country: str) -> list[IdChoice]:
        choices = [choice for choice in self._choices(product) if choice.country == country]
        return sorted(choices, key=lambda choice: choice.label)

    def find(self, product: Product, country: str, id_type: str) -> IdChoice | None:
        return next((found for found in self.id_choices(product, country) if found.id_type == id_type), None)

    def knows(self, country: str, id_type: str) -> bool:
        """Whether any product looks up this ID type with an authority."""
        return any(self.find(product, country, id_type) for product in Product if FACTS[product].asks_id_number)

    def _choices(self, product: Product) -> Iterator[IdChoice]:
        name = FACTS[product].id_type_list
        if name == "documents":
            yield from (IdChoice(row.country, row.code, row.name, has_back=row.has_back) for row in document_types())
        elif name and self._live.get(name):
            yield from self._live_choices(product, name)
        elif name:
            yield from self._shipped_choices(product, name)

    def _live_choices(self, product: Product, name: str) -> Iterator[IdChoice]:
        for country, facts in _mapping(self._live[name]).items():
            for id_type, details in _mapping(_mapping(facts).get("id_types")).items():
                details = _mapping(details)
                required = details.get("required_fields")
                yield self._choice(
                    product,
                    country,
                    id_type,
                    str(details.get("label") or id_type),
                    [name for name in required if isinstance(name, str)] if isinstance(required, list) else [],
                    str(details.get("id_number_regex") or ""),
                    is_live=True,
                    test_number=str(details.get("test_data") or ""),
                )

    def _shipped_choices(self, product: Product, name: str) -> Iterator[IdChoice]:
        for row in id_types():
            if name not in row.products:
                continue
            # "basic_kyc:+first_name+last_name" in the table: required by that product only.
            required = [field for field in row.required_fields if ":" not in field]
            for extra in (field for field in row.required_fields if field.startswith(f"{name}:")):
                required += extra.partition(":+")[2].split("+")
            test_number = TEST_NUMBERS.get((row.country, row.id_type), "")
            yield self._choice(
                product, row.country, row.id_type, row.label, required, row.number_regex, False, test_number
            )

    def _choice(
        self,
        product: Product,
        country: str,
        id_type: str,
        label: str,
        required_fields: Any,
        pattern: str,
        is_live: bool,
        test_number: str,
    ) -> IdChoice:
        required = tuple(field for field in required_fields if field not in NOT_ASKED)
        if FACTS[product].asks_id_number and "id_number" not in required and "session_id" not in required:
            required = ("id_number", *required)
        if not FACTS[product].asks_id_number:
            required, pattern = tuple(field for field in required if field != "id_number"), ""
        return IdChoice(
            country,
            id_type,
            label,
            required,
            tuple(field for field in FACTS[product].compares if field not in required),
            pattern,
            is_live,
            test_number or TEST_NUMBERS.get((country, id_type), ""),
            self._needs_consent(country, id_type),
        )

    def _needs_consent(self, country: str, id_type: str) -> bool:
        if self._consent is None:
            return (country, id_type) in KNOWN_TO_NEED_CONSENT
        return id_type in (self._consent.get(country) or ())


def _mapping(value: Any) -> Mapping[str, Any]:
    """An answer of an undocumented shape counts as empty: the form then falls back on the shipped tables."""
    return value if isinstance(value, Mapping) else {}
