"""Compares two names of a person by their words, in any order."""

from collections import Counter
from collections.abc import Callable
from difflib import SequenceMatcher

from dashboard.jobs.comparing.folding import script_of, words_of
from dashboard.jobs.comparing.likeness import (
    SAME,
    Comparison,
    cannot_tell,
    differs,
    in_part,
    same_letters,
    written_differently,
)

TITLES = frozenset(
    {
        "mr",
        "mrs",
        "ms",
        "miss",
        "mister",
        "master",
        "dr",
        "prof",
        "professor",
        "eng",
        "engr",
        "arc",
        "barr",
        "barrister",
    }
    | {"rev", "reverend", "pastor", "bishop", "sir", "dame", "lady", "hon", "honourable", "chief", "otunba"}
    | {"alhaji", "alhaja", "hajia", "haji", "hajj", "hadj", "mallam", "malam", "sheikh", "shaykh", "imam", "monsieur"}
    | {"mme", "madame", "mlle", "mademoiselle", "sr", "sra", "senhor", "senhora", "ato", "weizero", "weizerit", "bwana"}
    | {"bi", "bibi", "capt", "captain", "col", "colonel", "maj", "major", "gen", "general", "lt", "sgt"}
)
#: Two words of five letters or more with at least this similarity are spellings of one word.
NEARLY = 0.8
#: The most parts of one name, such as Van der Merwe.
MOST_PARTS = 4


def compare_names(given: str, returned: str, _: str = "") -> Comparison:
    if same_letters(given, returned):
        return SAME
    left, right = without_titles(words_of(given)), without_titles(words_of(returned))
    if not left or not right:
        return cannot_tell("One of them contains no name.")
    if not script_of(given) & script_of(returned):
        return cannot_tell("They are written in different scripts.")
    if Counter(left) == Counter(right):
        return written_differently("The same names.")
    left, right = _joined(left, right)
    if Counter(left) == Counter(right):
        return written_differently("The same names, written as one word or several.")
    return _compare_rest(left, right)


def _compare_rest(left: list[str], right: list[str]) -> Comparison:
    """Compares two names that are not the same, by the words that they do not share."""
    shared = Counter(left) & Counter(right)
    left_over, right_over = Counter(left) - shared, Counter(right) - shared
    initials = _take_pairs(left_over, right_over, _is_initial_of)
    spellings = _take_pairs(left_over, right_over, _is_nearly)
    whole_names = sum(count for word, count in shared.items() if len(word) > 1)
    if not whole_names and not spellings:
        if initials:
            return cannot_tell("Only initials agree.")
        return differs("No name matches.")
    if left_over and right_over:
        if all(len(word) == 1 for word in (*left_over, *right_over)):
            return in_part("The names agree, but an initial differs.")
        return in_part("One name agrees, another differs.")
    if left_over or right_over:
        return in_part("A name is missing on one side.")
    if spellings:
        return in_part("A name is spelled in two ways.")
    return in_part("An initial stands for a name.")


def without_titles(words: list[str]) -> list[str]:
    """The words without titles; a title alone counts as a name."""
    return [word for word in words if word not in TITLES] or words


def _joined(left: list[str], right: list[str]) -> tuple[list[str], list[str]]:
    """Joins neighbouring words that are one word on the other side: "abdul rahman" becomes "abdulrahman"."""
    return _join(left, set(right) - set(left)), _join(right, set(left) - set(right))


def _join(words: list[str], wanted: set[str]) -> list[str]:
    joined: list[str] = []
    while words:
        length = next((n for n in range(2, MOST_PARTS + 1) if "".join(words[:n]) in wanted and n <= len(words)), 1)
        joined.append("".join(words[:length]))
        words = words[length:]
    return joined


def _take_pairs(left: Counter[str], right: Counter[str], fits: Callable[[str, str], bool]) -> int:
    """Removes each fitting pair from both sides and returns how many there were."""
    taken = 0
    for word in sorted(left.elements()):
        other = next((each for each in sorted(right.elements()) if fits(word, each)), None)
        if other is not None:
            left -= Counter([word])
            right -= Counter([other])
            taken += 1
    return taken


def _is_initial_of(one: str, other: str) -> bool:
    return (len(one) == 1) != (len(other) == 1) and one[0] == other[0]


def _is_nearly(one: str, other: str) -> bool:
    return min(len(one), len(other)) > 4 and SequenceMatcher(None, one, other).ratio() >= NEARLY
