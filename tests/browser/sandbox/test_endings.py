"""How a visit of the hosted pages ends otherwise: closed, refused, broken off, or never begun."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from dashboard.sandbox.server import SandboxServer
from dashboard.sandbox.settings import SandboxSettings
from tests.browser.sandbox.conftest import Partner, heard, hosted, press

OpenPhone = Callable[..., Page]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"callback_url": ""}, "Please provide a callback URL via the `callback_url` attribute"),
    ({"product": ""}, "Please select a product via the `product` attribute."),
    ({"product": "document_verification"}, "document_verification is not currently supported in this integration"),
    ({"product": "toString"}, "toString is not currently supported in this integration"),
    ({"partner_details": None}, "Please provide Partner Details via the `partner_details` attribute"),
    ({"partner_details": {"name": "x"}}, 'Please include logo_url in the "partner_details" object'),
    ({"document_capture_modes": "camera"}, '`document_capture_modes` must be an array of "camera" and "upload"'),
    ({"product": "e_signature"}, "Please list at least one document in the `document_ids` array"),
]


def strike(partner: Partner, path: str, mode: str, times: int, **more: Any) -> None:
    fault = {"path": path, "mode": mode, "times": times, **more}
    requests.post(f"{partner.simulator.url}/_sandbox/faults", json=fault, timeout=30).raise_for_status()


def test_closing_calls_back_once_and_leaves_nothing_behind(open_phone: OpenPhone, partner: Partner) -> None:
    partner.configure("smartselfie")
    page = open_phone(partner.url)

    press(hosted(page), "Open the camera")
    hosted(page).get_by_role("button", name="Take the photo").wait_for()
    press(hosted(page), "Close")

    assert heard(page) == [["onClose"]]
    assert partner.simulator.sandbox.store.jobs == {}


def test_denied_consent_is_told_as_an_error(open_phone: OpenPhone, partner: Partner) -> None:
    partner.configure("enhanced_kyc", id_selection={"NG": ["NIN_V2"]})
    page = open_phone(partner.url)

    press(hosted(page), "I do not agree")

    assert heard(page) == [["onError", "SmileIdentity::ConsentDenied"]]


def test_outdated_contacts_are_told_as_an_object(open_phone: OpenPhone, partner: Partner) -> None:
    partner.configure("enhanced_kyc", id_info={"NG": {"BVN_MFA": {"id_number": "00000000000"}}})
    page = open_phone(partner.url)

    press(hosted(page), "I agree", "I can use none of these")

    told = {"message": "SmileIdentity::ConsentDenied::TOTP::ContactMethodsOutdated"}
    assert heard(page) == [["onError", told]]


def test_without_a_camera_a_photo_may_be_chosen(open_phone: OpenPhone, partner: Partner, picture_file: Path) -> None:
    partner.may_use_camera = False
    partner.configure("smartselfie")
    page = open_phone(partner.url, expected=("Permissions policy", "Potential permissions"))
    frame = hosted(page)

    press(frame, "Open the camera")
    assert "The camera cannot be used" in frame.get_by_role("alert").first.inner_text()
    frame.get_by_label("Choose a photo").set_input_files(__file__)
    expect(frame.get_by_text("That file is not an image")).to_be_visible()
    frame.get_by_label("Choose a photo").set_input_files(picture_file)
    press(frame, "Send", "Finish")

    assert heard(page) == [["onSuccess"]]


def test_expired_token_is_told_before_anything_is_asked(
    open_phone: OpenPhone, partner: Partner, sandbox_settings: SandboxSettings
) -> None:
    with SandboxServer(replace(sandbox_settings, token_lifetime_seconds=-1)) as simulator:
        partner.simulator = simulator
        partner.configure("biometric_kyc")
        page = open_phone(partner.url)
        frame = hosted(page)

        assert "Your time for this has run out" in frame.get_by_role("alert").inner_text()
        frame.get_by_role("main").get_by_role("button", name="Close").click()

        assert heard(page) == [["onError", "SmileIdentity::Error"]]


@pytest.mark.parametrize(
    ("token_for", "text"), [("enhanced_kyc", "prepared for something else"), (None, "cannot be opened")]
)
def test_token_must_fit_the_page(open_phone: OpenPhone, partner: Partner, token_for: str | None, text: str) -> None:
    partner.configure("biometric_kyc", token=partner.token(token_for) if token_for else "no.token")

    page = open_phone(partner.url)

    expect(hosted(page).get_by_role("alert")).to_contain_text(text)


def test_used_token_is_refused_where_tokens_are_used_up(
    open_phone: OpenPhone, partner: Partner, sandbox_settings: SandboxSettings
) -> None:
    with SandboxServer(replace(sandbox_settings, web_token_single_use=True)) as simulator:
        partner.simulator = simulator
        partner.configure("enhanced_kyc", id_info={"NG": {"NIN": {"id_number": "00000000000"}}})
        press(hosted(open_phone(partner.url)), "Finish")

        page = open_phone(partner.url, expected=("status of 400",))

        expect(hosted(page).get_by_role("alert")).to_contain_text("The web token was used already")


def test_broken_connections_are_tried_again_unasked(open_phone: OpenPhone, partner: Partner) -> None:
    strike(partner, "/v1/services", "drop", 1)
    partner.configure("enhanced_kyc", id_info={"NG": {"NIN": {"id_number": "00000000000"}}})
    page = open_phone(partner.url, expected=("ERR_EMPTY_RESPONSE", "ERR_CONNECTION"))

    press(hosted(page), "Finish")

    assert heard(page) == [["onSuccess"]]


def test_server_in_trouble_is_tried_again_on_request_with_the_same_job(open_phone: OpenPhone, partner: Partner) -> None:
    strike(partner, "/uploads/*", "status", 1, status=503)
    partner.configure("smartselfie")
    page = open_phone(partner.url, expected=("status of 503",))
    frame = hosted(page)

    press(frame, "Open the camera", "Take the photo", "Send")
    expect(frame.get_by_role("alert")).to_contain_text("The server has trouble")
    press(frame, "Try again", "Finish")

    assert heard(page) == [["onSuccess"]]
    assert partner.simulator.sandbox.store.jobs["job-1"].prepared == 1


def test_wrong_configuration_is_told_and_opens_nothing(open_phone: OpenPhone, partner: Partner) -> None:
    partner.configure("biometric_kyc", token="")
    page = open_phone(partner.url)
    good = {**partner.config, "token": "x"}

    assert heard(page) == [["onError", "SmileIdentity: Please provide your web token via the `token` attribute"]]
    for changes, problem in WRONG:
        page.evaluate("config => SmileIdentity({...config, onError: (...args) => said.push(args)})", good | changes)
        assert page.evaluate("said.at(-1)") == [f"SmileIdentity: {problem}"]
    assert page.locator("iframe").count() == 0
