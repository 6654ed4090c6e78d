"""The hosted pages of v12: what the token holds is not asked, and onResult says how the visit ended."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import requests
from playwright.sync_api import Page

from dashboard.sandbox.settings import SandboxSettings
from tests.browser.sandbox.conftest import CALLBACK, Partner, heard, hosted, press
from tests.unit.sandbox import calls

OpenPhone = Callable[..., Page]
CONSENT = {
    "granted": True,
    "granted_at": "2026-10-01T09:30:00Z",
    "notice_language": "EN",
    "notice_privacy_policy_url": "https://partner.example/privacy",
}


@pytest.fixture(scope="session")
def sandbox_settings(sandbox_settings: SandboxSettings) -> SandboxSettings:
    return replace(sandbox_settings, allow_http_on_loopback=True)


def token_of(partner: Partner, **parts: Any) -> str:
    files = {name: (None, value if isinstance(value, str) else json.dumps(value)) for name, value in parts.items()}
    headers = {"smileid-partner-id": "2", "smileid-api-key": calls.API_KEY}
    answer = requests.post(f"{partner.simulator.url}/v3/token", files=files or None, headers=headers, timeout=30)
    return str(answer.json()["token"])


def configure(partner: Partner, product: str, **more: Any) -> None:
    partner.version = "v12"
    partner.configure(product, **{"token": token_of(partner), **more})


def test_token_that_holds_everything_leaves_only_the_images(open_phone: OpenPhone, partner: Partner) -> None:
    payload = {
        "country": "NG", "id_type": "BVN", "id_number": "00000000000", "given_names": "Amina Fatou",
        "last_name": "Clearwater", "email": "amina.clearwater@example.com", "consent": CONSENT,
        "callback_url": CALLBACK,
    }  # fmt: skip
    configure(partner, "biometric_kyc", token=token_of(partner, product="biometric_kyc", payload=payload))
    page = open_phone(partner.url)

    press(hosted(page), "Open the camera", "Take the photo", "Send", "Finish")

    (job,) = partner.simulator.sandbox.store.jobs.values()
    said = heard(page)
    assert said[0] == ["onResult", {"status": "success", "value": {"job_id": job.job_id}}]
    assert said[1] == ["onSuccess"]
    assert (job.product, job.id_info["id_number"]) == ("biometric_kyc", "00000000000")


def test_lookup_asks_for_what_is_missing(open_phone: OpenPhone, partner: Partner) -> None:
    configure(partner, "enhanced_kyc", id_selection={"NG": ["BVN"]}, user_details={"last_name": "Clearwater"})
    page = open_phone(partner.url)
    frame = hosted(page)

    press(frame, "I agree")
    press(frame, "Continue")
    assert frame.get_by_role("alert").inner_text() == "Please fill in: First name"
    frame.get_by_label("First name").fill("Amina Fatou")
    frame.get_by_label("E-mail address").fill("amina.clearwater@example.com")
    frame.get_by_label("Bank Verification Number").fill("00000000000")
    press(frame, "Continue", "Finish")

    assert heard(page)[0][1]["status"] == "success"
    (job,) = partner.simulator.sandbox.store.jobs.values()
    assert job.id_info["user_details"]["given_names"] == "Amina Fatou"


@pytest.mark.parametrize(
    ("presses", "result", "old"),
    [
        (["Close"], {"status": "cancelled"}, "onClose"),
        (
            ["I do not agree"],
            {
                "status": "failure",
                "error": {
                    "error_code": "CONSENT_DENIED", "message": "The customer did not agree", "retryable": False,
                },
            },
            "onError",
        ),
    ],
)  # fmt: skip
def test_customer_who_leaves(
    open_phone: OpenPhone, partner: Partner, presses: list[str], result: dict[str, Any], old: str
) -> None:
    configure(partner, "smart_selfie_registration")
    page = open_phone(partner.url)

    press(hosted(page), *presses)

    said = heard(page)
    assert said[0] == ["onResult", result]
    assert said[1][0] == old


def test_token_of_v1_is_refused(open_phone: OpenPhone, partner: Partner) -> None:
    configure(partner, "enhanced_kyc", token=partner.token("enhanced_kyc"))
    page = open_phone(partner.url)

    press(hosted(page).locator("main"), "Close")

    assert heard(page)[0][1]["error"]["error_code"] == "SESSION_INIT_FAILED"


def test_every_partner_detail_is_needed(open_phone: OpenPhone, partner: Partner) -> None:
    configure(partner, "smart_selfie_registration")
    page = open_phone(partner.url)

    problem = page.evaluate(
        """() => { try { SmileIdentity({ ...config, partner_details: { ...config.partner_details, logo_url: "" } }) }
        catch (error) { return error.message } }"""
    )

    assert problem == "SmileIdentity: partner_details.logo_url is required"
    press(hosted(page), "Close")
    assert heard(page)[0] == ["onResult", {"status": "cancelled"}]


def test_link_opens_the_pages_of_its_id_types(open_phone: OpenPhone, partner: Partner) -> None:
    types = [{"country": "NG", "id_type": "BVN", "verification_method": "enhanced_kyc"}]
    fields = {
        "name": "KYC", "is_single_use": "true", "user_id": "user-1", "id_types": json.dumps(types),
        "notice_privacy_policy_url": "https://partner.example/privacy", "callback_url": CALLBACK,
    }  # fmt: skip
    answer = requests.post(
        f"{partner.simulator.url}/v3/smile_links",
        files={name: (None, value) for name, value in fields.items()},
        headers={"SmileID-Token": token_of(partner)},
        timeout=30,
    ).json()
    page = open_phone(answer["link"])

    press(page, "I agree")
    for label, value in (
        ("First name", "Amina Fatou"), ("Last name", "Clearwater"), ("Phone number", "+2348030000000"),
        ("Bank Verification Number", "00000000000"),
    ):  # fmt: skip
        page.get_by_label(label).fill(value)
    press(page, "Continue", "Finish")
    page.get_by_role("heading", name="Finished").wait_for()

    (job,) = partner.simulator.sandbox.store.jobs.values()
    assert (job.user_id, job.callback_url) == ("user-1", CALLBACK)
    assert requests.get(answer["link"], timeout=30).status_code == 410
