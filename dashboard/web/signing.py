"""What a browser holds for us is signed with HMAC-SHA-256; the libraries that sign it would take SHA-1."""

import hashlib

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import Signer


class Sessions(SecureCookieSessionInterface):
    digest_method = staticmethod(hashlib.sha256)


def sign_with_sha256(app: Flask) -> None:
    app.session_interface = Sessions()
    # The tokens of forms are made by Flask-WTF, which leaves no other way to choose.
    Signer.default_digest_method = staticmethod(hashlib.sha256)
