"""Describes the published pattern of an ID number in words, and finds the spelling of a typed number that fits it.

https://docs.usesmileid.com/supported-id-types/for-individuals-kyc/backed-by-id-authority
"""

import re
from typing import NamedTuple

from dashboard.smile.services import id_number_pattern
from dashboard.smile.typed import clean_number

#: With more parts than this, an example helps more than words.
MOST_PARTS = 5
_PART = re.compile(
    r"(?P<kind>\[[^\]^\\]+\]|\\d|\\[^A-Za-z0-9]|[A-Za-z0-9 _,:#/-])(?:\{(?P<least>\d+)(?P<open>,(?P<most>\d*))?\})?",
    re.ASCII,
)
_KINDS = {
    "0-9": ("digit", "digits"),
    "A-Z": ("capital letter", "capital letters"),
    "A-Za-z": ("letter", "letters"),
    "A-Z0-9": ("capital letter or digit", "capital letters or digits"),
    "A-Za-z0-9": ("letter or digit", "letters or digits"),
    "A-Za-z0-9 ": ("letter, digit or space", "letters, digits or spaces"),
}
_COUNTED = {
    _KINDS["0-9"]: re.compile("[0-9]"),
    _KINDS["A-Z"]: re.compile("[A-Z]"),
    _KINDS["A-Za-z"]: re.compile("[A-Za-z]"),
    _KINDS["A-Z0-9"]: re.compile("[A-Z0-9]"),
    _KINDS["A-Za-z0-9"]: re.compile("[A-Za-z0-9]"),
    _KINDS["A-Za-z0-9 "]: re.compile("[A-Za-z0-9 ]"),
}


class _Part(NamedTuple):
    words: tuple[str, str] | None  # singular and plural; None for a literal character
    sign: str
    least: int
    most: int | None


def fitting_number(typed: str, pattern: str) -> str:
    """The typed number, cleaned, in a spelling that `pattern` accepts.

    pattern: an `id_number_regex`. Where no equivalent spelling fits, the cleaned number is returned as typed.
    """
    cleaned = clean_number(typed)
    compact, bare = cleaned.replace(" ", ""), re.sub(r"[ ./-]", "", cleaned)
    compiled = id_number_pattern(pattern)
    if compiled is None:
        return compact if re.fullmatch(r"[0-9 ]*", cleaned) else cleaned
    spellings = [cleaned, compact, bare, *(text.upper() for text in (cleaned, compact, bare))]
    for spelling in (*spellings, *_with_signs(bare.upper(), pattern)):
        if compiled.fullmatch(spelling):
            return spelling
    # Nothing fits. Separators are removed, so that only the digits are counted.
    parts = _parts(pattern)
    is_all_digits = len(parts) == 1 and parts[0].words == _KINDS["0-9"]
    return bare if is_all_digits and re.fullmatch(r"[0-9 ./-]+", cleaned) else cleaned


def what_is_expected(pattern: str) -> str:
    """The pattern in words, such as "11 digits" or "a capital letter, then 7 to 9 digits".

    Returns "" for a pattern that is not that simple.
    """
    parts = _parts(pattern)
    return ", then ".join(map(_in_words, parts)) if parts else ""


def what_was_found(number: str, pattern: str) -> str:
    """The length of a typed number in words that compare with `what_is_expected`.

    Such as "10", "12 and 2 other characters" or "8 characters".
    """
    parts = _parts(pattern)
    if len(parts) != 1 or parts[0].words is None:
        return f"{len(number)} character{'s' if len(number) != 1 else ''}"
    fitting = len(_COUNTED[parts[0].words].findall(number))
    others = len(number) - fitting
    if not others:
        return str(fitting)
    return f"{fitting} and {others} other character{'s' if others != 1 else ''}"


def _parts(pattern: str) -> list[_Part]:
    """The parts of a pattern; none if a part is more than a repeated class or literal character."""
    inner = pattern.removeprefix("(?i)").removeprefix("^").removesuffix("$")
    parts, at = [], 0
    while at < len(inner):
        found = _PART.match(inner, at)
        if found is None:
            return []
        at = found.end()
        kind, least = found["kind"], int(found["least"] or 1)
        most = least if found["open"] is None else int(found["most"]) if found["most"] else None
        if kind == "\\d":
            parts.append(_Part(_KINDS["0-9"], "", least, most))
        elif kind.startswith("["):
            name = kind[1:-1].replace("a-zA-Z", "A-Za-z")
            if name not in _KINDS:
                return []
            parts.append(_Part(_KINDS[name], "", least, most))
        elif parts and parts[-1].words is None and least == most == 1:
            parts[-1] = parts[-1]._replace(sign=parts[-1].sign + kind[-1])
        else:
            parts.append(_Part(None, kind[-1] * least, 1, 1))
    return parts if len(parts) <= MOST_PARTS else []


def _in_words(part: _Part) -> str:
    if part.words is None:
        return f"“{part.sign}”"
    one, several = part.words
    if part.most is None:
        return f"{part.least} or more {several}"
    if part.least == part.most:
        return f"a {one}" if part.least == 1 else f"{part.least} {several}"
    return f"{part.least} to {part.most} {several}"


def _with_signs(bare: str, pattern: str) -> list[str]:
    """The number with the literal characters of the pattern put back, where all parts have a fixed length."""
    parts = _parts(pattern)
    if not any(part.words is None for part in parts) or any(part.least != part.most for part in parts):
        return []
    spelled, left = "", bare
    for part in parts:
        if part.words is not None:
            spelled, left = spelled + left[: part.least], left[part.least :]
            continue
        plain = re.sub(r"[ ./-]", "", part.sign)
        spelled, left = spelled + part.sign, left.removeprefix(plain)
    return [spelled + left]
