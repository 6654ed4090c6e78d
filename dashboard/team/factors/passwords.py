"""Password rules, and hashing with argon2id."""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from werkzeug.exceptions import ServiceUnavailable

MIN_LENGTH = 12
#: Far above what people type. It only keeps clients from making us hash a megabyte.
MAX_LENGTH = 1000
COMMON_PASSWORDS_FILE = Path(__file__).parent / "data" / "common_passwords.txt"

#: Words that a guesser tries first here, alone or with digits around them.
PRODUCT_WORDS = (
    *("smileidentity", "smile", "partnerdesk", "partner", "desk", "dashboard", "korabank", "kora", "bank", "kyc"),
    *("verification", "verify", "identity", "compliance", "password", "passphrase", "welcome", "admin", "owner"),
)

HASHER = PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1)
#: A hash takes 32 MB and one core for about 60 ms, on purpose. More at once would only slow each other down.
AT_ONCE = 2
MOST_WAITING = 16
_working = BoundedSemaphore(AT_ONCE)
_in_line = BoundedSemaphore(AT_ONCE + MOST_WAITING)


def problem_with(text: str, *about_the_person: str) -> str | None:
    """What is wrong with a new password, in words for the member; None if it is acceptable."""
    password = _normalised(text)
    if len(password) < MIN_LENGTH:
        return f"Use {MIN_LENGTH} characters or more. Several words in a row are easy to remember."
    if len(password) > MAX_LENGTH:
        return f"Use {MAX_LENGTH} characters or fewer."
    bare = _bare(password)
    facts = {_bare(fact) for fact in about_the_person}
    if len(set(bare)) < 5 or bare in _common_passwords() or bare in facts or _is_of_product_words(bare):
        return "This password is easy to guess. Choose one that nobody else would think of."
    return None


def hash_password(text: str) -> str:
    with _turn():
        return HASHER.hash(_normalised(text))


def verify_password(password_hash: str, text: str) -> bool:
    try:
        with _turn():
            return HASHER.verify(password_hash, _normalised(text))
    except (VerificationError, InvalidHashError):
        return False


def verify_dummy(text: str) -> bool:
    """Takes as long as a verification and returns False: an unknown address must not be answered faster."""
    verify_password(_hash_of_nobody(), text)
    return False


def needs_rehash(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than the current ones."""
    return HASHER.check_needs_rehash(password_hash)


@contextmanager
def _turn() -> Iterator[None]:
    """Lets a few threads hash at once with a short queue behind, so that guessing cannot take all cores or memory."""
    if not _in_line.acquire(blocking=False):
        raise ServiceUnavailable("Too many people are signing in right now. Try again in a few seconds.")
    try:
        with _working:
            yield
    finally:
        _in_line.release()


@cache
def _hash_of_nobody() -> str:
    return hash_password("nobody has this password")


@cache
def _common_passwords() -> frozenset[str]:
    return frozenset(_bare(line) for line in COMMON_PASSWORDS_FILE.read_text(encoding="utf-8").splitlines() if line)


def _is_of_product_words(bare: str) -> bool:
    """Whether too little is left without the words of this product, "id" and digits."""
    left = bare
    for word in PRODUCT_WORDS:
        left = left.replace(word, "")
    rest = "".join(sign for sign in left.replace("id", "") if not sign.isdecimal())
    return left != bare and len(rest) < 4


def _normalised(text: str) -> str:
    # Keyboards compose accented letters differently; without this a password could work on one only.
    return unicodedata.normalize("NFKC", text)


def _bare(text: str) -> str:
    """Letters and digits in lower case, as a guesser sees them: "password1234" for "Password-1234!"."""
    return "".join(character for character in text.casefold() if character.isalnum())
