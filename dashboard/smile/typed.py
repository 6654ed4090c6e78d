"""Cleans text that people type or paste: numbers, names, ids. It removes what is invisible and keeps what identifies.

`fold` and `number_key` make texts comparable for searching only; their results are neither stored nor sent.
"""

import re
import unicodedata

#: Joiners matter in Persian and Indic names; in a number or an id they are invisible noise.
JOINERS = "\u200c\u200d"
#: Words that people copy together with a number, as in "BVN: 222...", the longer ones first.
WORDS_BEFORE_NUMBERS = (
    *("bank verification number", "national identification number", "national identity number"),
    *("national id number", "national id", "tax identification number", "registration number", "account number"),
    *("licence number", "license number", "passport number", "voter id number", "phone number", "mobile number"),
    *("id number", "card number", "driver's license", "drivers license", "ghana card", "voter id", "huduma number"),
    *("virtual nin", "vnin", "v nin", "v-nin", "v_nin", "nin slip", "nin", "bvn", "ssnit", "kra pin", "kra", "tpin"),
    *(
        "tin",
        "cac",
        "rc",
        "passport",
        "telephone",
        "phone",
        "tel",
        "mobile",
        "account",
        "number",
        "num",
        "no",
        "nr",
        "id",
    ),
    *("numéro", "numero", "رقم", "nambari", "número"),
)
#: Their spellings, the longest first, so that "id" does not match instead of "id number".
_SPELLED = tuple(
    sorted({word.replace(" ", sign) for word in WORDS_BEFORE_NUMBERS for sign in (" ", "_", "-", "")}, key=len)[::-1]
)
#: What separates such a word from its number.
_AFTER_WORD = re.compile(r"(?:\.? *[:=#/|>] *|\. *| +| *- *)(?=.*[0-9])", re.DOTALL)
_NUMERO = re.compile("№+ *")
#: Without a separator, only words that begin no known number.
_JOINED_WORD = re.compile(r"(?:BVN|VNIN|NIN|TPIN|TIN)(?=[0-9]{6,}\Z)", re.IGNORECASE)
#: Most numbers of Smile's tables have at least seven digits.
FEWEST_DIGITS = 7
MOST_KEYS = 4
_NUMBER_INSIDE = re.compile(r"(?<![A-Za-z0-9/-])[0-9](?:[ ./-]*[0-9]){6,}(?![A-Za-z0-9])")
_EMAIL = re.compile(r"[^@\s]*[A-Za-z][^@\s]*@[^@\s]+\.[^@\s]{2,}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_AROUND = " .,;:!?\"'`´‘’“”„«»‹›()[]{}<>*_=#|~^،؛؟。、·•…-/\\"
_MINUS = "\u2212\u2043\ufe63\uff0d\u02d7\u30fc\u2012"
#: Invisible too, but in other Unicode categories than formatting characters.
_CONTROLS = "".join(map(chr, (*range(32), *range(0x7F, 0xA0))))
_FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"
#: Letters that Unicode does not decompose, and apostrophes.
_FOLDED = str.maketrans(
    {
        **dict.fromkeys("'’‘ʼʻ`´ʹ′ˈ", ""),
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ħ": "h",
        "ŧ": "t",
        "ı": "i",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "ð": "d",
        "ɓ": "b",
        "ɗ": "d",
        "ƙ": "k",
        "ƴ": "y",
        "ŋ": "n",
        "ɛ": "e",
        "ɔ": "o",
        "ə": "e",
        "ɲ": "n",
        "ɣ": "g",
    }
)


def clean_number(text: str) -> str:
    """A number as it was meant: ASCII digits, plain hyphens, single spaces, no "BVN:" or punctuation around it."""
    cleaned = clean_code(text)
    while (shorter := _unwrapped(cleaned)) != cleaned:
        cleaned = shorter
    return cleaned


def clean_code(text: str) -> str:
    """A date, postal code or phone number, cleaned like a number, with nothing removed from its beginning."""
    if text.isascii() and text.isprintable():  # most texts are; every callback passes here
        return (_plain_spaces(text) if "  " in text else text).strip()
    return _plain_spaces(_ascii_digits(_plain_dashes(unicodedata.normalize("NFKC", _visible(text))))).strip()


def clean_phone_number(text: str) -> str:
    """A phone number as digits, with a leading plus if there is one."""
    cleaned = clean_number(text)
    compact = re.sub(r"\(0\)|[ ()./-]", "", cleaned)
    return compact if re.fullmatch(r"\+?[0-9]+", compact) else cleaned


def clean_name(text: str) -> str:
    """A name or an address in composed form (NFC); every letter, accent and visible character stays."""
    return _plain_spaces(_plain_dashes(unicodedata.normalize("NFC", _visible(text, keep=JOINERS)))).strip()


def clean_id(text: str) -> str:
    """An id or reference of another system: no visible character is changed, since it identifies something.

    Control characters stay too, so that validation can refuse them.
    """
    return _plain_spaces(_visible(text, keep=_CONTROLS)).strip()


def number_key(text: str) -> str:
    """The letters and digits of a number, which all its spellings share. Leading zeros are part of it."""
    return "".join(sign for sign in clean_number(text).upper() if sign.isalnum())


def number_keys(text: str) -> list[str]:
    """The keys of the typed text as a whole and of the numbers inside it; at most 4."""
    keys = [number_key(text), *(number_key(found) for found in _NUMBER_INSIDE.findall(clean_number(text)))]
    return list(dict.fromkeys(key for key in keys if key))[:MOST_KEYS]


def looks_like_number(text: str) -> bool:
    """Whether the text may be a person's number: it has 7 digits or more, and is no e-mail address or UUID."""
    plain = clean_code(text)
    is_something_else = _EMAIL.fullmatch(plain) or _UUID.search(plain)
    return not is_something_else and sum(sign.isdigit() for sign in plain) >= FEWEST_DIGITS


def fold(text: str) -> str:
    """The text for searching: no case, accents, spaces, dashes, apostrophes, invisible characters or leading zeros."""
    plain = clean_code(text).casefold()
    if plain.isascii():
        folded = plain.replace("-", "").replace(" ", "")
        folded = folded if folded.isalnum() else folded.translate(_FOLDED)
    else:
        plain = unicodedata.normalize("NFKD", plain).translate(_FOLDED)
        folded = "".join(sign for sign in plain if not unicodedata.combining(sign) and sign not in "- ")
    return folded.lstrip("0") or folded[:1]


def fold_typed(text: str) -> str:
    """The text of a search, folded like `fold`, without the punctuation around it."""
    return fold(clean_code(text).strip(_AROUND))


def has_control_characters(text: str) -> bool:
    """Whether the text holds control characters (line breaks and tabs among them) or lone surrogates."""
    return any(unicodedata.category(sign) in ("Cc", "Cs") or sign in "\u2028\u2029" for sign in text)


def _unwrapped(text: str) -> str:
    """The text without the punctuation around it, then without one word before it."""
    if text.isascii() and text.isdigit():
        return text
    text = text.strip(_AROUND)
    beginning = text[: len(_SPELLED[0])].lower()
    if beginning.startswith(_SPELLED):  # Few texts are, and trying every word takes long.
        for word in _SPELLED:
            if beginning.startswith(word) and (between := _AFTER_WORD.match(text, len(word))):
                return text[between.end() :]
    sign = _NUMERO.match(text) or _JOINED_WORD.match(text)
    return text[sign.end() :] if sign else text


def _visible(text: str, *, keep: str = "") -> str:
    """The text without characters of no width and changes of direction. Line breaks count as spaces."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(sign for sign in text if sign in keep or sign.isspace() or not _is_invisible(sign))


def _is_invisible(sign: str) -> bool:
    return unicodedata.category(sign) in ("Cf", "Cc") or sign in _FILLERS or "\ufe00" <= sign <= "\ufe0f"


def _plain_spaces(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("\u2800", " "))


def _plain_dashes(text: str) -> str:
    return "".join("-" if unicodedata.category(sign) == "Pd" or sign in _MINUS else sign for sign in text)


def _ascii_digits(text: str) -> str:
    """The text with the digits of every script as ASCII digits."""
    if text.isascii():
        return text
    return "".join(sign if sign.isascii() else _digit(sign) for sign in text)


def _digit(sign: str) -> str:
    value = unicodedata.decimal(sign, None)
    return sign if value is None else str(value)
