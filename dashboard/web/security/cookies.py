"""Cookies besides the session's: hidden from scripts and other sites, and bound to this host under https."""

from flask import current_app, request
from werkzeug.wrappers import Response


def full_name(name: str) -> str:
    """The full name. With `__Host-` a browser takes the cookie only from this host, by https, for all paths."""
    return f"__Host-desk_{name}" if current_app.config["SESSION_COOKIE_SECURE"] else f"desk_{name}"


def read_cookie(name: str) -> str:
    return request.cookies.get(full_name(name), "")


def set_cookie(answer: Response, name: str, value: str, seconds: int) -> None:
    is_secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    answer.set_cookie(full_name(name), value, seconds, path="/", secure=is_secure, httponly=True, samesite="Lax")


def drop_cookie(answer: Response, name: str) -> None:
    is_secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    answer.delete_cookie(full_name(name), path="/", secure=is_secure, httponly=True, samesite="Lax")
