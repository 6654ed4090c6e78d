"""The token and the configuration that Smile's script gets, and what its page may load."""

from dataclasses import replace
from typing import Any, cast

import pytest
from flask import Flask

from dashboard.config import Settings
from dashboard.db import Database
from dashboard.jobs.products import Product
from dashboard.jobs.smile_api.catalogue import Catalogue
from dashboard.jobs.smile_api.clients import SmileClients, smile_clients
from dashboard.jobs.submitting.callback_keys import digest_of_key
from dashboard.links.customer import hosted
from dashboard.links.customer.hosted import environment_of, fetch_token, hosted_headers, script_configuration
from dashboard.links.languages import texts_in
from dashboard.smile import Refused, TransportFailed
from dashboard.smile.constants import SmileApi
from dashboard.stored_settings import Branding
from tests.conftest import make_settings
from tests.factories.links import FakeTokens, make_link, make_start

DOWN = TransportFailed("Smile could not be reached.", maybe_sent=False)
KORA = Branding("Kora Bank", "/static/img/kora-bank.svg", "#0b5d4e", "https://example.com/privacy")


def clients(app: Flask, fake: FakeTokens) -> SmileClients:
    with app.app_context():
        return replace(smile_clients(), tokens=cast(Any, fake))


def test_a_token_is_asked_for_with_the_address_of_the_job_itself(app: Flask, database: Database, settings: Settings):
    _, code = make_link(database, settings)
    job, fake = make_start(database, settings, code), FakeTokens()

    token = fetch_token(clients(app, fake), settings, job)

    assert token == "a.web.token"
    address = fake.asked[0].pop("callback_url")
    assert fake.asked == [{"user_id": job.user_id, "job_id": job.job_id, "product": "doc_verification"}]
    assert address.startswith("http://localhost/hooks/smile/")
    assert digest_of_key(address.rpartition("/")[2]) == job.callback_key_digest


def test_a_failure_that_may_pass_is_tried_again(app: Flask, database: Database, settings: Settings):
    job = make_start(database, settings, make_link(database, settings)[1])
    fake = FakeTokens([DOWN, Refused(503), "late.but.there"])

    assert fetch_token(clients(app, fake), settings, job) == "late.but.there"


@pytest.mark.parametrize(("answer", "tries"), [(DOWN, 3), (Refused(429), 3), (Refused(400, "2217"), 1)])
def test_tries_are_bounded_and_a_refusal_is_final(
    app: Flask, database: Database, settings: Settings, answer: Exception, tries: int
):
    job = make_start(database, settings, make_link(database, settings)[1])
    fake = FakeTokens([answer])

    with pytest.raises(type(answer)):
        fetch_token(clients(app, fake), settings, job)

    assert len(fake.asked) == tries


def test_no_try_begins_once_the_customer_has_waited_long(
    app: Flask, database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(hosted, "LAST_TRY_AFTER_SECONDS", -1.0)
    job = make_start(database, settings, make_link(database, settings)[1])
    fake = FakeTokens([DOWN])

    with pytest.raises(TransportFailed):
        fetch_token(clients(app, fake), settings, job)

    assert len(fake.asked) == 1


def configuration(
    database: Database, settings: Settings, language: str = "en", prefill: Any = None, **wanted: Any
) -> dict[str, Any]:
    link, code = make_link(database, settings, prefill=prefill or {}, **wanted)
    job = make_start(database, settings, code)
    return script_configuration(link, job, "t", prefill or {}, KORA, Catalogue(), texts_in(language), settings)


def test_the_script_is_told_who_asks_and_where_to_send_it(database: Database, settings: Settings):
    found = configuration(database, settings, "ar", partner_params={"branch": "12"})

    assert found["partner_details"] == {
        "name": "Kora Bank",
        "logo_url": "http://localhost/static/img/kora-bank.svg",
        "partner_id": "002",
        "policy_url": "https://example.com/privacy",
        "theme_color": "#0b5d4e",
    }
    assert (found["token"], found["product"]) == ("t", "doc_verification")
    assert found["environment"] == "http://127.0.0.1:9"
    assert found["partner_params"] == {"branch": "12"}
    assert found["translation"] == {"language": "ar-EG"}
    assert found["id_selection"] == {"NG": ["PASSPORT"]}
    assert "id_info" not in found
    assert "consent_required" not in found


@pytest.mark.parametrize("is_locked", [True, False])
def test_filled_in_details_are_passed_on_and_may_be_locked(database: Database, settings: Settings, is_locked: bool):
    details = {"id_number": "12345678901", "first_name": "Amina"}

    found = configuration(
        database,
        settings,
        prefill=details,
        prefill_is_locked=is_locked,
        product=Product.ENHANCED_KYC,
        id_type="NIN_V2",
    )

    assert found["id_info"] == {"NG": {"NIN_V2": details}, "allow_modification": not is_locked}
    assert found["consent_required"] == {"NG": ["NIN_V2"]}


def test_a_link_that_names_only_a_country_offers_what_there_is(database: Database, settings: Settings):
    found = configuration(database, settings, product=Product.BIOMETRIC_KYC, id_type="")

    assert {"BVN", "NIN_V2"} <= set(found["id_selection"]["NG"])


def test_a_selfie_names_no_document(database: Database, settings: Settings):
    found = configuration(database, settings, product=Product.SMARTSELFIE_REGISTRATION, country="", id_type="")

    assert found["product"] == "smartselfie"
    assert not {"id_selection", "id_info", "consent_required"} & set(found)


@pytest.mark.parametrize(
    ("server", "environment"),
    [("0", "sandbox"), ("1", "live"), ("https://api.smileidentity.com/v1", "live"), ("http://a:1/v1", "http://a:1")],
)
def test_the_script_finds_the_same_server_as_we_do(tmp_path: Any, server: str, environment: str):
    assert environment_of(make_settings(tmp_path, smile_server=server)) == environment


@pytest.mark.parametrize(
    ("api", "host"),
    [(SmileApi.V1, "https://cdn.smileidentity.com"), (SmileApi.V3, "https://cdn.usesmileid.com")],
)
def test_the_page_allows_just_the_one_host(settings: Settings, api: SmileApi, host: str):
    headers = hosted_headers(settings, api)

    directives = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    foreign = {name for name, value in directives.items() if "https://" in value}
    assert foreign == {"script-src", "frame-src"}
    assert directives["script-src"] == f"'self' {host}"
    assert directives["frame-src"] == host
    assert directives["default-src"] == "'none'"
    assert directives["frame-ancestors"] == "'none'"
    camera = f'camera=(self "{host}")'
    assert headers["Permissions-Policy"] == f"{camera}, geolocation=(), microphone=()"
