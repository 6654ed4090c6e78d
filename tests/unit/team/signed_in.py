"""What tests of the door do over and over: knock, type a code, copy a browser, look whether somebody is inside."""

from flask import Flask
from flask.testing import FlaskClient

from tests.factories.team import PASSWORD, SECOND_STEP, app_code


def knock(client: FlaskClient, name: str, password: str = PASSWORD, address: str = "127.0.0.1", **more: str):
    typed = {"email": f"{name}@example.com", "password": password, **more}
    return client.post("/sign-in", data=typed, environ_overrides={"REMOTE_ADDR": address})


def type_code(client: FlaskClient, code: str | None = None):
    return client.post(SECOND_STEP, data={"code": app_code() if code is None else code})


def copy_of(app: Flask, client: FlaskClient, *names: str) -> FlaskClient:
    """Another browser with a stolen copy of these cookies; the sign-in's when none is named."""
    thief = app.test_client()
    for name in names or ("desk",):
        cookie = client.get_cookie(name)
        assert cookie is not None, name
        thief.set_cookie(name, cookie.value)
    return thief


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/account").status_code == 200
