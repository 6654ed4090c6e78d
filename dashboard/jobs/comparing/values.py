"""Compares genders, ID numbers, addresses and other short values."""

from collections.abc import Callable

from dashboard.jobs.comparing.folding import fits_mask, fold, is_masked, script_of, signs_of, words_of
from dashboard.jobs.comparing.likeness import (
    SAME,
    Comparison,
    cannot_tell,
    differs,
    in_part,
    same_letters,
    written_differently,
)

MALE = frozenset(
    {"m", "male", "man", "homme", "h", "masculin", "masculine", "masculino", "hombre", "mwanaume", "mwanamume", "me"}
    | {"kiume", "ذكر", "ወንድ"}
)
FEMALE = frozenset(
    {"f", "female", "woman", "femme", "feminin", "feminine", "feminino", "mulher", "mwanamke", "ke", "kike", "انثي"}
    | {"ሴት"}
)


def compare_genders(given: str, returned: str, _: str = "") -> Comparison:
    left, right = _gender(given), _gender(returned)
    if left is None or right is None:
        return cannot_tell("One of them does not name a gender.")
    if left != right:
        return differs()
    return SAME if same_letters(given, returned) else written_differently("The same gender.")


def compare_numbers(given: str, returned: str, _: str = "") -> Comparison:
    """Compares two numbers. Leading zeros count, since they are part of an ID number."""
    if same_letters(given, returned):
        return SAME
    if is_masked(given) or is_masked(returned):
        return compare_masked(given, returned, lambda text: {signs_of(text)})
    if signs_of(given) == signs_of(returned):
        return written_differently("The same letters and digits.")
    return differs()


def compare_texts(given: str, returned: str, _: str = "") -> Comparison:
    """Compares addresses and other texts. Numbers in them, such as a house number, have to agree."""
    if same_letters(given, returned):
        return SAME
    if is_masked(given) or is_masked(returned):
        return compare_masked(given, returned, lambda text: {signs_of(text)})
    left, right = words_of(given), words_of(returned)
    if "@" in given or "@" in returned:
        return written_differently("The same address.") if left == right else differs()
    if sorted(left) == sorted(right):
        return written_differently("The same words.")
    if not script_of(given) & script_of(returned):
        return cannot_tell("They are written in different scripts.")
    numbers, others = ({word for word in words if any(map(str.isdigit, word))} for words in (left, right))
    if numbers and others and not numbers & others:
        return differs("The numbers in them differ.")
    return in_part("Some words agree.") if set(left) & set(right) else differs()


def _gender(text: str) -> str | None:
    word = fold(text).strip(" .")
    return "male" if word in MALE else "female" if word in FEMALE else None


def compare_masked(given: str, returned: str, forms: Callable[[str], set[str]]) -> Comparison:
    """Compares two values of which at least one is masked. `forms`: the ways to write a whole value."""
    masked, whole = (given, returned) if is_masked(given) else (returned, given)
    if is_masked(whole) or any(fits_mask(masked, form) for form in forms(whole)):
        return cannot_tell("Only part of one of them is visible.")
    return differs("The visible parts differ.")
