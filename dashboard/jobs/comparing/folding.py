"""Folds text for comparison: one form of each letter and digit, without accents and apostrophes."""

import re
import unicodedata

#: Letters that Unicode does not decompose into a plain letter and a mark.
PLAIN = str.maketrans(
    {
        "ɔ": "o",
        "ɛ": "e",
        "ŋ": "n",
        "ɓ": "b",
        "ɗ": "d",
        "ƙ": "k",
        "ƴ": "y",
        "ɣ": "g",
        "ʋ": "v",
        "ƒ": "f",
        "ø": "o",
        "đ": "d",
        "ł": "l",
        "ı": "i",
        "æ": "ae",
        "œ": "oe",
        "ß": "ss",
        "þ": "th",
        "ð": "d",
        "ə": "e",
        "أ": "ا",
        "إ": "ا",
        "آ": "ا",
        "ٱ": "ا",
        "ى": "ي",
        "ئ": "ي",
        "ؤ": "و",
        "ة": "ه",
        "ـ": "",
    }
)
#: Amharic letters that share a sound; each of their seven forms is replaced by that of the first letter.
SOUNDS = {"\u1210": "\u1200", "\u1280": "\u1200", "\u1220": "\u1230", "\u12d0": "\u12a0", "\u1340": "\u1338"}
PLAIN |= {ord(one) + form: chr(ord(other) + form) for one, other in SOUNDS.items() for form in range(7)}
APOSTROPHES = re.compile("['\u2018\u2019\u201a\u201b\u02bc\u02bb\u02bd\u02be\u02bf\u02b9\u0060\u00b4\u2032\uff07]")
#: Characters that mask others: "*******5678", "XXXXXX4567", "A12?45678".
MASKS = re.compile(r"[*•●×?#]+|x{2,}", re.IGNORECASE)


def fold(text: str) -> str:
    """The text in lower case, without accents, marks, apostrophes and invisible characters, with ASCII digits."""
    text = APOSTROPHES.sub("", unicodedata.normalize("NFKC", text)).casefold().translate(PLAIN)
    letters = []
    for letter in unicodedata.normalize("NFKD", text):
        category = unicodedata.category(letter)
        if category == "Nd":
            letters.append(str(unicodedata.digit(letter)))
        elif category not in ("Mn", "Mc", "Me", "Cf", "Cc") or letter.isspace():
            letters.append(letter)
    return "".join(letters).translate(PLAIN)


def words_of(text: str) -> list[str]:
    """The folded words, separated by anything that is not a letter or digit."""
    return "".join(letter if letter.isalnum() else " " for letter in fold(text)).split()


def signs_of(text: str) -> str:
    """Only the folded letters and digits."""
    return "".join(words_of(text))


def script_of(text: str) -> set[str]:
    """The scripts of the text's letters, such as {"LATIN"}."""
    return {unicodedata.name(letter, "?").split(" ")[0] for letter in text if letter.isalpha()}


def is_masked(text: str) -> bool:
    return MASKS.search(text) is not None


def fits_mask(masked: str, signs: str) -> bool:
    """Whether the folded `signs` can be behind the mask: they contain its visible parts, in the same order."""
    first, *middle, last = (signs_of(part) for part in MASKS.split(masked))
    if len(first) + len(last) > len(signs) or not (signs.startswith(first) and signs.endswith(last)):
        return False
    hidden = signs[len(first) : len(signs) - len(last)]
    for part in filter(None, middle):
        _, found, hidden = hidden.partition(part)
        if not found:
            return False
    return True
