"""Compares two phone numbers, with or without country code, masked or whole."""

from typing import NamedTuple

import phonenumbers

from dashboard.jobs.comparing.folding import fold, is_masked
from dashboard.jobs.comparing.likeness import SAME, Comparison, cannot_tell, differs, same_letters, written_differently
from dashboard.jobs.comparing.values import compare_masked

#: Fewer than this many equal digits at the end may be chance.
FEWEST_SUBSCRIBER_DIGITS = 7


class Phone(NamedTuple):
    """One reading of a phone number; it `is_whole` where it has as many digits as its country uses."""

    code: int
    national: str
    is_whole: bool


def compare_phones(given: str, returned: str, country: str = "") -> Comparison:
    """Compares two phone numbers. `country`: the two letters of the country for a number without country code."""
    if same_letters(given, returned):
        return SAME
    if is_masked(given) or is_masked(returned):
        return compare_masked(given, returned, lambda text: _written_forms(text, country))
    left, right = _phones(given, country), _phones(returned, country)
    if {phone for phone in left if phone.is_whole} & right:
        return written_differently("The same number.")
    are_whole = all(any(phone.is_whole for phone in phones) for phones in (left, right))
    if are_whole or (left and right and not {phone.code for phone in left} & {phone.code for phone in right}):
        return differs()
    shorter, longer = sorted((_digits(given), _digits(returned)), key=len)
    if not shorter:
        return cannot_tell("One of them is not a phone number.")
    shorter = shorter.lstrip("0")
    if len(shorter) >= FEWEST_SUBSCRIBER_DIGITS and longer.endswith(shorter):
        return cannot_tell("They end alike, but one of them is not a complete number of this country.")
    return differs()


def _phones(text: str, country: str) -> set[Phone]:
    """The numbers that the text can mean: a national one, or one with a country code whose plus is missing."""
    has_code, digits = fold(text).strip().startswith(("+", "00")), _digits(text)
    written: list[tuple[str, str | None]] = [(f"+{digits.lstrip('0')}", None)]
    if not has_code:
        written.append((digits, country.upper() or None))
    found = set()
    for number, region in written:
        try:
            parsed = phonenumbers.parse(number, region)
        except phonenumbers.NumberParseException:
            continue
        national = phonenumbers.national_significant_number(parsed)
        found.add(Phone(parsed.country_code or 0, national, bool(phonenumbers.is_possible_number(parsed))))
    return {phone for phone in found if has_code or phone.is_whole}


def _written_forms(text: str, country: str) -> set[str]:
    """The digits of the phone number in its usual forms, with country code and without."""
    forms = {_digits(text)}
    for phone in _phones(text, country):
        forms |= {f"{phone.code}{phone.national}", f"0{phone.national}", phone.national}
    return forms


def _digits(text: str) -> str:
    return "".join(sign for sign in fold(text) if sign.isdigit())
