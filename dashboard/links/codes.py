"""The code in a link's address: shown once, kept only as a digest."""

import hashlib
from secrets import token_urlsafe

CODE_BYTES = 24  # 192 bits, 32 characters that need no escaping in an address


def new_code() -> str:
    return token_urlsafe(CODE_BYTES)


def digest_of_code(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
