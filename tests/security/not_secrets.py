"""What detect-secrets takes for a secret and is none, each kind with its reason; `make check` hands it these filters.

There is no list of places that were looked at once: whatever these do not explain fails the check.
"""

import re

WORDS = re.compile(r"[A-Za-z][a-z0-9]*([ ,_@.-]+[a-z0-9]+)*-?(\\n)?")
#: Signatures of fixed moments by keys that the tests name hold client and simulator to the documents; the last
#: is the example of a secret that everybody gives for authenticator apps.
VECTORS = ("psK+9Y+m", "eHIp2fEf", "WyL93fQt", "01234567", "fdcd25e2", "1KlwQizu", "YxbJjt6y", "L3Lni7Of", "JBSWY3DP")


def is_picture(filename: str) -> bool:
    """The face that the simulator answers with, as base64."""
    return filename.endswith("dashboard/sandbox/world/portrait.py")


def is_published_vector(filename: str, secret: str) -> bool:
    """The pair of a legacy key and its sec_key that Smile's own client publishes, and signatures beside it."""
    return filename.endswith("tests/unit/smile/legacy.py") or ("tests/" in filename and secret.startswith(VECTORS))


def is_sentence(secret: str) -> bool:
    """What a person is told about the field api_key."""
    return secret.count(" ") >= 5


def is_placeholder(secret: str) -> bool:
    """What stands for a value that is not there, as in "smtps://user:password@host" and "{subject}"."""
    return secret == "password" or "{" in secret


def is_alphabet(secret: str) -> bool:
    """What random codes are made of: each letter once."""
    return len(set(secret)) == len(secret) >= 20


def is_made_up(filename: str, secret: str) -> bool:
    """Keys and passwords of tests are plain words, so that nobody can take them for real ones."""
    return "tests/" in filename and (" " in secret or WORDS.fullmatch(secret) is not None)
