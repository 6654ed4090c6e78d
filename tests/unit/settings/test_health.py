"""The health list: at the top of the settings, on a page of its own, as JSON, and only for an owner."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

Door = Callable[[str], FlaskClient]


def test_settings_open_with_what_has_to_be_mended(sign_in: Door):
    page = sign_in("ada").get("/settings").text

    assert page.index("Is this deployment healthy?") < page.index("What customers see</h2>")
    assert "No worker has run yet." in page
    assert "Start <code>dashboard worker</code>" in page


def test_page_names_every_duty_with_a_word_and_a_sentence(sign_in: Door):
    page = sign_in("ada").get("/settings/health").text

    for words in ("Fix this", "Fine", "Not known", "Encryption keys.", "Instance folder.", "Audit trail."):
        assert words in page


def test_page_leads_to_the_groups_that_have_something_to_mend(sign_in: Door):
    page = sign_in("ada").get("/settings/health").text

    assert '<a href="#duties-data">Data</a>' in page
    assert '<h2 id="duties-data">Data</h2>' in page
    assert page.index('href="#duties-') < page.index("<section")


def test_twin_says_the_same(sign_in: Door):
    client = sign_in("ada")

    twin = client.get("/settings/health.json").json

    assert twin["state"] == "bad"
    assert {"group", "name", "state", "sentence", "advice"} == set(twin["duties"][0])
    assert len(twin["duties"]) > 20


def test_proxy_in_front_shows_in_the_request_itself(sign_in: Door):
    client = sign_in("ada")

    twin = client.get("/settings/health.json", headers={"X-Forwarded-For": "203.0.113.9"}).json

    (proxies,) = [duty for duty in twin["duties"] if duty["name"] == "Proxies"]
    assert (proxies["state"], "this request passed 1" in proxies["sentence"]) == ("warn", True)


@pytest.mark.parametrize("path", ["/settings/health", "/settings/health.json"])
@pytest.mark.parametrize("name", ["ben", "cleo"])
def test_only_an_owner_sees_it(sign_in: Door, path: str, name: str):
    assert sign_in(name).get(path).status_code == 403


def test_signed_out_is_led_to_the_door(client: FlaskClient):
    assert client.get("/settings/health").status_code == 303
    assert client.get("/settings/health.json").status_code == 401


def test_what_is_not_set_up_is_not_called_unknown(sign_in: Door):
    client = sign_in("ada")

    [mail] = [duty for duty in client.get("/settings/health.json").json["duties"] if duty["name"] == "Mail"]

    assert mail["state"] == "unset"
    assert "Not set up" in client.get("/settings/health").text
