"""Signs what browsers store for us with HMAC-SHA-256; the libraries would use SHA-1."""

import hashlib

import flask_wtf.csrf
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer


class Sessions(SecureCookieSessionInterface):
    digest_method = staticmethod(hashlib.sha256)


class Serializer(URLSafeTimedSerializer):
    """Signs one kind of text. `salt` names the kind, so that text signed as another kind is not accepted."""

    def __init__(self, secret_key: str, salt: str) -> None:
        super().__init__(secret_key, salt, signer_kwargs={"digest_method": hashlib.sha256})


def sign_with_sha256(app: Flask) -> None:
    app.session_interface = Sessions()
    # Flask-WTF signs form tokens and gives no other way to choose. Nothing else looks this name up.
    flask_wtf.csrf.URLSafeTimedSerializer = Serializer
