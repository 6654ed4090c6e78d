"""The hosted script and its pages as they are handed out; what they do is tried in a browser."""

import pytest
from flask.testing import FlaskClient

from dashboard.sandbox.api.hosted import PAGES, VERSIONS
from dashboard.sandbox.state import Sandbox


@pytest.mark.parametrize("version", VERSIONS)
def test_script_is_served_to_any_site(client: FlaskClient, version: str) -> None:
    answer = client.get(f"/inline/{version}/js/script.min.js")

    assert answer.status_code == 200
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert b"window.SmileIdentity = " in answer.data
    answer.close()


@pytest.mark.parametrize("page", PAGES)
def test_page_may_be_framed_and_has_no_script_of_its_own_inside(client: FlaskClient, page: str) -> None:
    answer = client.get(f"/inline/v1/{page}.html")

    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "frame-ancestors *" in policy
    assert "unsafe" not in policy
    assert f'data-page="{page}"' in answer.text
    assert answer.text.count("<script") == answer.text.count('<script type="module" src=')


@pytest.mark.parametrize("path", ["v13/js/script.min.js", "v1/nothing.html", "v13/ekyc.html", "v1/js/main.js"])
def test_nothing_else_is_there(client: FlaskClient, path: str) -> None:
    assert client.get(f"/inline/{path}").status_code == 404


def test_visits_stand_in_the_request_log(client: FlaskClient, sandbox: Sandbox) -> None:
    client.get("/inline/v1/ekyc.html")
    client.get("/inline/v1/js/script.min.js").close()

    seen = [(entry["path"], entry["status"]) for entry in sandbox.requests.listed()]
    assert seen == [("/inline/v1/ekyc.html", 200), ("/inline/v1/js/script.min.js", 200)]


def test_version_12_has_a_script_and_pages_of_its_own(client: FlaskClient) -> None:
    with client.get("/inline/v12/js/script.min.js") as script:
        assert b"onResult" in script.data
    page = client.get("/inline/v12/biometric-kyc.html").text

    assert "js/hosted/v12/main.js" in page
    assert client.get("/v3/links/2/unknown").status_code == 404
