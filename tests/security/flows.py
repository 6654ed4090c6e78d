"""Everything that people, customers and Smile do here, done once with canaries: real processes, real HTTP."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import requests

from dashboard.db import utc_now
from dashboard.jobs.smile_api.sent_signatures import note_sent
from dashboard.jobs.submitting.callback_keys import callback_key
from tests.conftest import SECRET_KEY
from tests.factories.callbacks import make_payload, sign
from tests.integration.conftest import API_KEY, Deployment, Staff
from tests.integration.links.phones import Phone
from tests.security.canaries import ID_NUMBER, PERSON, SECRETS, Canaries, make_picture

SELFIE = {"selfie": ("selfie.jpg", make_picture(), "image/jpeg")}
DOCUMENT = SELFIE | {"id_front": ("front.jpg", make_picture(), "image/jpeg")}
BVN = PERSON | {"country": "NG", "id_type": "BVN", "id_number": ID_NUMBER}
PASSPORT = {"country": "GH", "id_type": "PASSPORT"}
BUSINESS = {"country": "NG", "id_type": "BUSINESS_REGISTRATION", "id_number": "0000000", "business_type": "co"}
#: One of each product; registration comes before the authentication that needs it.
JOBS: tuple[tuple[dict[str, str], Any], ...] = (
    ({"product": "biometric_kyc", **BVN}, SELFIE),
    ({"product": "smartselfie_registration", "user_id": "canary-enrolled"}, SELFIE),
    ({"product": "smartselfie_authentication", "user_id": "canary-enrolled"}, SELFIE),
    ({"product": "basic_kyc", **BVN}, None),
    ({"product": "enhanced_kyc", **BVN}, None),
    ({"product": "document_verification", **PASSPORT}, DOCUMENT),
    ({"product": "enhanced_document_verification", **PASSPORT}, DOCUMENT),
    ({"product": "business_verification", **BUSINESS}, None),
)
FAULTS: tuple[dict[str, Any], ...] = (
    {"mode": "status", "status": 500},
    {"mode": "status", "status": 403},
    {"mode": "delay", "delay_seconds": 1.2},
    {"mode": "drop"},
    {"mode": "garbage"},
    {"mode": "truncate"},
)
CALLS = ("/v1/upload", "/uploads/*", "/v1/job_status", "/v1/id_verification", "/v1/token", "/v1/services")
ANSWERED = ("done", "failed")


def change_settings(deployment: Deployment, ada: Staff) -> None:
    good = ada.post("/settings/callbacks/keys", {"api_key": SECRETS["added api key"]})
    assert good.status_code == 303, good.text
    again = ada.post("/settings/callbacks/keys", {"api_key": SECRETS["added api key"]})
    bad = ada.post("/settings/callbacks/keys", {"api_key": f"{SECRETS['added api key']} with blanks"})
    assert (again.status_code, bad.status_code) == (422, 422)
    assert deployment.staff("ada").get("/settings/callbacks").status_code == 200


def sign_in_rightly_and_wrongly(deployment: Deployment, canaries: Canaries) -> None:
    for email in ("cleo@example.com", "nobody-here@example.com"):
        wrong = Staff(deployment.web_url).post("/sign-in", {"email": email, "password": SECRETS["wrong password"]})
        assert wrong.status_code == 422
    cleo = deployment.staff("cleo")
    words = {"current": SECRETS["wrong password"], "password": SECRETS["new password"]}
    assert cleo.post("/account/password", words).status_code == 422
    add_cookies(canaries, cleo)
    assert cleo.post("/sign-out").status_code == 303


def add_cookies(canaries: Canaries, staff: Staff) -> None:
    for cookie in staff.http.cookies:
        if len(cookie.value or "") > 40:
            canaries.add("cookie of a sign-in", str(cookie.value))


def run_every_product(ben: Staff) -> list[str]:
    jobs = []
    for data, files in JOBS:
        jobs.append(ben.create_job(data, files))
        if data["product"] == "smartselfie_registration":
            wait(ben, jobs[-1:])
    wait(ben, jobs)
    return jobs


def wait(ben: Staff, jobs: list[str]) -> None:
    for job in jobs:
        ben.wait_for(job, lambda job: job["state"] in ANSWERED, seconds=60)


def go_through_a_link(deployment: Deployment, ben: Staff, canaries: Canaries) -> str:
    """From the form to the token in the customer's browser; the code is known from the one page that shows it."""
    wanted = {"product": "biometric_kyc", "uses": "1", "expires_in_days": "7", **BVN, "customer_reference": "cust-77"}
    made = ben.post("/links", wanted)
    assert made.status_code == 303, made.text
    page = ben.get(made.headers["Location"]).text
    code = re.findall(r"/v/([\w-]{22,})", page)[0]
    canaries.add("link code", code)
    phone = Phone(deployment.web_url, 5)
    assert phone.open(code) == 200
    status, hosted = phone.ask("POST", f"/v/{code}/start", {"consent": "yes", "csrf_token": phone.csrf_token})
    assert status == 200
    canaries.add("web token", re.findall(rb'"token": ?"([^"]+)"', hosted)[0].decode())
    canaries.add("customer's browser", phone.cookies["visit"])
    assert phone.ask("POST", f"/v/{code}/submission", {"csrf_token": phone.csrf_token})[0] == 303
    assert phone.open(f"{code}x") == 404
    return str(made.headers["Location"])


def issue_a_token(ben: Staff, canaries: Canaries) -> None:
    page = ben.post("/tokens", {"product": "biometric_kyc"})
    assert page.status_code == 200, page.text
    canaries.add("web token", re.findall(r"<code>([\w.-]{40,})</code>", page.text)[0])


def send_every_verdict(deployment: Deployment, ben: Staff, job: str, canaries: Canaries) -> None:
    named = ben.job(job)["job_id"]
    reflected = make_signed(named, canaries, age=timedelta(seconds=17))
    with deployment.database.transaction() as session:
        note_sent(session, reflected["signature"], utc_now())
    valid = make_signed(named, canaries)
    answers = [
        call_back(deployment, valid),
        call_back(deployment, valid),
        call_back(deployment, valid | {"FullName": f"{PERSON['first_name']} reused"}),
        call_back(deployment, make_signed(named, canaries, age=timedelta(days=2))),
        call_back(deployment, make_signed(named, canaries, age=timedelta(days=-2))),
        call_back(deployment, make_signed("nobody-knows", canaries, age=timedelta(seconds=11))),
        call_back(deployment, reflected),
        call_back(deployment, make_signed(named, canaries, key="a-foreign-key", age=timedelta(seconds=13))),
        call_back(deployment, {name: value for name, value in valid.items() if name != "signature"}),
        call_back(deployment, valid, f"/{callback_key(SECRET_KEY, UUID(job))}"),
        call_back(deployment, valid, "/nobody-knows-this-key"),
    ]
    canaries.add("callback key", callback_key(SECRET_KEY, UUID(job)))
    assert {200, 401, 404} == {answer.status_code for answer in answers}
    address = f"{deployment.web_url}/hooks/smile"
    for body in (f'{{"IDNumber": "{ID_NUMBER}", ', f'["{ID_NUMBER}"]', f'{{"a": "{ID_NUMBER}", "a": NaN}}'):
        headers = {"Content-Type": "application/json"}
        assert requests.post(address, body, headers=headers, timeout=20).status_code == 400


def make_signed(job_id: str, canaries: Canaries, key: str = API_KEY, age: timedelta = timedelta(0)) -> dict[str, Any]:
    payload = make_payload(
        age=age, job_id=job_id, IDNumber=ID_NUMBER, DOB=PERSON["dob"], Address=PERSON["postal_address"],
        FullName=f"{PERSON['first_name']} {PERSON['last_name']}", PhoneNumber=PERSON["phone_number"],
    )  # fmt: skip
    payload["signature"] = sign(payload["timestamp"], key)
    canaries.add("signature", payload["signature"])
    return payload


def call_back(deployment: Deployment, payload: dict[str, Any], job_key: str = "") -> requests.Response:
    headers = {
        "Authorization": f"Bearer {SECRETS['authorization']}",
        "Cookie": f"a={SECRETS['cookie of a sender']}",
        "X-Smile-Signature": SECRETS["signature in a header"],
    }
    return requests.post(f"{deployment.web_url}/hooks/smile{job_key}", json=payload, headers=headers, timeout=20)


def run_through_every_fault(deployment: Deployment, ben: Staff) -> list[str]:
    jobs = []
    for fault in FAULTS:
        for path in CALLS:
            deployment.sandbox("POST", "/_sandbox/faults", json={"path": path, "times": 1, **fault})
        jobs.append(ben.create_job(*JOBS[0]))
        jobs.append(ben.create_job({"product": "enhanced_kyc", **BVN}))
        ben.post("/tokens", {"product": "biometric_kyc"})
        ben.get("/jobs/new?product=biometric_kyc&country=NG&id_type=BVN")
        wait(ben, jobs[-2:])
        deployment.sandbox("DELETE", "/_sandbox/faults")
    return jobs


def type_badly(ben: Staff) -> None:
    """Forms that are refused with everything in them, and an address that names a person."""
    wrong = {"product": "biometric_kyc", **BVN, "id_number": f"{ID_NUMBER}x", "user_id": "not an id"}
    assert ben.post("/jobs", wrong, SELFIE).status_code == 422
    assert ben.post("/links", wrong | {"uses": "many"}).status_code == 422
    assert ben.http.post(ben.base_url + "/jobs", wrong, timeout=20).status_code in (400, 403)
    for page in ("jobs", "links", "callbacks"):
        assert ID_NUMBER not in ben.get(f"/{page}?q={ID_NUMBER}").headers["Location"]
        assert ID_NUMBER not in ben.post(f"/{page}/searches", {"q": ID_NUMBER}).headers["Location"]
    assert ben.get(f"/{ID_NUMBER}/{PERSON['last_name']}").status_code == 404


def find_the_person(ben: Staff, cleo: Staff) -> None:
    """By name, number and phone in the box: an operator finds the jobs, a viewer finds none by name."""
    name = f"{PERSON['last_name']} {PERSON['first_name']}".lower()
    for typed in (name, ID_NUMBER, PERSON["phone_number"]):
        answer = ben.post("/find", {"q": typed})
        found = answer.headers.get("Location") or answer.text.partition("<main")[2]
        assert answer.status_code in (200, 303)
        assert "/jobs/" in found, typed
    assert "Nothing found" in cleo.post("/find", {"q": name}).text


def break_tables(deployment: Deployment, act: Callable[[], None], *names: str) -> None:
    """While a table is gone each statement about it fails, with the values that it was to store in the error's text."""
    for name in names:
        rename(deployment, name, f"{name}_gone")
    try:
        act()
    finally:
        for name in names:
            rename(deployment, f"{name}_gone", name)


def rename(deployment: Deployment, old: str, new: str) -> None:
    with deployment.database.engine.connect().execution_options(is_write=True) as connection, connection.begin():
        connection.exec_driver_sql("PRAGMA legacy_alter_table=ON")
        connection.exec_driver_sql(f"ALTER TABLE {old} RENAME TO {new}")
