"""The form of a new job in the browser: choosing, redrawing, creating, and what happens to what was typed."""

import io
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, select

from dashboard.app import create_app
from dashboard.audit.models import AuditEntry
from dashboard.config import Settings
from dashboard.context import context_of
from dashboard.db import new_id
from dashboard.jobs.models import Image, Job, JobState
from dashboard.jobs.products import Product
from dashboard.jobs.submitting.fields import FIELDS
from tests.conftest import make_settings
from tests.factories.jobs import BVN
from tests.factories.team import PASSWORD
from tests.unit.jobs.test_forms import BASIC, BIOMETRIC, DOCUMENT
from tests.unit.jobs.test_forms import BVN as ENHANCED
from tests.unit.jobs.test_pictures import JPEG

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]
MARKUP = "\"><script>alert('x')</script>{{7*7}}"


def with_pictures(values: dict[str, str], count: int = 2) -> dict[str, Any]:
    names = ("selfie", "id_front")[:count]
    return values | {name: (io.BytesIO(JPEG), "picture.jpg") for name in names}


@pytest.mark.parametrize(("values", "pictures"), [(ENHANCED, 0), (BASIC, 0), (BIOMETRIC, 1), (DOCUMENT, 2)])
def test_valid_form_creates_a_queued_job(
    sign_in: SignInAs, session: Session, woken: list[Any], values: dict[str, str], pictures: int
):
    answer = sign_in("ben").post("/jobs", data=with_pictures(values, pictures))

    job = session.exec(select(Job)).one()
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/jobs/{job.id}")
    assert (job.state, job.product, job.created_by) == (JobState.QUEUED, values["product"], "ben@example.com")
    assert woken == [("jobs.advance", job.id)]
    assert len(session.exec(select(Image).order_by(Image.id)).all()) == pictures
    assert "job.created" in [
        entry.action for entry in session.exec(select(AuditEntry).order_by(AuditEntry.sequence)).all()
    ]


def test_form_that_is_pressed_twice_is_one_job(sign_in: SignInAs, session: Session):
    """A double click, or a reload of the answer: each job is charged."""
    client = sign_in("ben")
    page = client.get("/jobs/new?product=enhanced_kyc&country=NG&id_type=BVN").text
    form_key = page.partition('name="form_key" value="')[2].partition('"')[0]

    answers = [client.post("/jobs", data=ENHANCED | {"form_key": form_key}) for _ in range(2)]

    job = session.exec(select(Job)).one()
    assert [answer.headers["Location"] for answer in answers] == [f"/jobs/{job.id}"] * 2


def test_form_is_shown_for_a_choice_in_the_address(sign_in: SignInAs):
    page = sign_in("ben").get("/jobs/new?product=enhanced_kyc&country=NG&id_type=BVN").text

    assert 'name="id_number"' in page
    assert "Run in the sandbox" in page


def test_every_product_has_a_form(sign_in: SignInAs):
    ben = sign_in("ben")

    for product in Product:
        answer = ben.get(f"/jobs/new?product={product}&country=NG&id_type=PASSPORT")

        assert answer.status_code == 200
        assert re.search(rf'value="{product}"\s+checked', answer.text)


@pytest.mark.parametrize("address", ["/jobs/new?product=%00&country=<b>", "/jobs/new?again=nonsense"])
def test_nonsense_in_the_address_shows_an_empty_form(sign_in: SignInAs, address: str):
    answer = sign_in("ben").get(address)

    assert answer.status_code == 200
    assert "<b>" not in answer.text
    assert 'name="id_number"' not in answer.text


@pytest.mark.parametrize(
    "path",
    ["/jobs", "/jobs/new"],
)
def test_whatever_is_typed_comes_back_and_is_escaped(sign_in: SignInAs, path: str):
    """POST /jobs refuses it with 422, POST /jobs/new redraws it: neither loses nor trusts it."""
    values = BASIC | {"id_type": "BVN", "user_id": "", "job_id": "x" * 201, "dob": "nonsense"}
    typed = {name: f"{name}-{MARKUP}" for name in ("first_name", "last_name", "customer_reference")}
    typed["id_number"] = f"99-{MARKUP}x"  # what is around a number goes

    answer = sign_in("ben").post(path, data=values | typed)

    assert answer.status_code == (422 if path == "/jobs" else 200)
    shown = unescape(answer.text)
    assert "<script>alert" not in answer.text
    for name, value in ({**typed, "job_id": "x" * 201}).items():
        assert f'value="{value}"' in shown, name


def test_markup_in_any_field_is_inert(sign_in: SignInAs):
    ben = sign_in("ben")

    for name in ("product", "country", "id_type", "sandbox_result", "again", "test_number", *FIELDS):
        for path in ("/jobs", "/jobs/new"):
            answer = ben.post(path, data=BASIC | {"job_id": "x" * 201, name: MARKUP})

            assert answer.status_code == (422 if path == "/jobs" else 200), name
            assert "<script>alert" not in answer.text, name


def test_redraw_answers_a_piece_and_puts_nothing_into_an_address(sign_in: SignInAs):
    answer = sign_in("ben").post("/jobs/new", data=BASIC | {"first_name": "Canarina"}, headers={"HX-Request": "true"})

    assert "<html" not in answer.text
    assert 'value="Canarina"' in answer.text
    assert "Location" not in answer.headers
    assert "HX-Push-Url" not in answer.headers
    assert "Canarina" not in "".join(re.findall(r'(?:href|action|hx-\w+|src)="([^"]*)"', answer.text))


def test_test_number_is_filled_in_by_one_press(sign_in: SignInAs):
    answer = sign_in("ben").post("/jobs/new", data=ENHANCED | {"test_number": "00000000001"})

    assert 'value="00000000001"' in answer.text


def test_job_id_that_is_taken_keeps_the_form(sign_in: SignInAs, make_job: Callable[..., Job]):
    make_job(asks={"job_id": "job-7"})

    answer = sign_in("ben").post("/jobs", data=BASIC | {"job_id": "job-7", "first_name": "Canarina"})

    assert answer.status_code == 422
    assert "This job id is taken" in answer.text
    assert 'value="Canarina"' in answer.text


def test_form_with_lost_pictures_says_so(sign_in: SignInAs):
    answer = sign_in("ben").post("/jobs", data=with_pictures(BIOMETRIC | {"job_id": "x" * 201}))

    assert answer.status_code == 422
    assert "choose them again" in answer.text
    assert "Choose again: picture.jpg." in answer.text


def test_picture_of_another_kind_is_refused_beside_its_field(sign_in: SignInAs):
    answer = sign_in("ben").post("/jobs", data=BIOMETRIC | {"selfie": (io.BytesIO(b"<svg>"), "selfie.jpg")})

    assert answer.status_code == 422
    assert "not a JPEG, PNG or WebP image" in answer.text


def test_authentication_suggests_who_is_enrolled(sign_in: SignInAs, make_job: Callable[..., Job]):
    make_job(asks={"user_id": "enrolled-1"}, state=JobState.DONE, outcome="approved")
    make_job(asks={"user_id": "turned-away"}, state=JobState.DONE, outcome="rejected")

    page = sign_in("ben").get("/jobs/new?product=smartselfie_authentication").text

    assert '<option value="enrolled-1">' in page
    assert "turned-away" not in page


def test_running_again_fills_the_form_and_is_recorded(
    sign_in: SignInAs, session: Session, make_job: Callable[..., Job]
):
    job = make_job(Product.ENHANCED_KYC)

    page = sign_in("ben").get(f"/jobs/new?again={job.id}").text

    assert f'value="{BVN}"' in page
    assert "<h1>Run again</h1>" in page
    assert f'<a href="/jobs/{job.id}">The earlier job</a>' in page
    assert "This creates a new job." in page
    assert "charged" not in page
    assert job.job_id not in page
    assert "job.copied" in [
        entry.action for entry in session.exec(select(AuditEntry).order_by(AuditEntry.sequence)).all()
    ]


def test_job_that_is_run_again_leads_to_the_earlier_one(
    sign_in: SignInAs, session: Session, make_job: Callable[..., Job]
):
    earlier, ben = make_job(Product.ENHANCED_KYC), sign_in("ben")

    answers = [ben.post("/jobs", data=ENHANCED | {"again": again}) for again in (str(earlier.id), str(new_id()), "x")]
    pages = [ben.get(answer.headers["Location"]).text for answer in answers]

    led = [f'<a href="/jobs/{earlier.id}">Open the earlier job</a>' in page for page in pages]
    assert led == [True, False, False]


def test_form_begins_with_what_the_member_sent_last(sign_in: SignInAs):
    ben = sign_in("ben")
    ben.post("/jobs", data=ENHANCED | {"id_number": "nonsense"})
    before = ben.get("/jobs/new").text

    ben.post("/jobs", data=ENHANCED)
    page = ben.get("/jobs/new").text

    assert 'name="id_number"' not in before
    assert re.search(r'value="enhanced_kyc"\s+checked', page)
    assert re.search(r'<input [^>]*id="id_number"[^>]* autofocus', page)
    assert BVN not in page
    assert 'name="id_number"' not in ben.get("/jobs/new?product=biometric_kyc").text
    assert 'name="id_number"' not in sign_in("ada").get("/jobs/new").text


def test_address_of_the_form_holds_the_choice_and_nothing_of_a_person(sign_in: SignInAs):
    ben = sign_in("ben")

    page = ben.post("/jobs/new", data=ENHANCED | {"first_name": "Canarina"}).text
    address = unescape(re.findall(r'data-address="([^"]*)"', page)[0])
    again = ben.get(address).text

    assert address == "/jobs/new?product=enhanced_kyc&country=NG&id_type=BVN"
    assert 'name="id_number"' in again


def test_summary_names_the_field_where_the_message_does_not(sign_in: SignInAs):
    page = unescape(sign_in("ben").post("/jobs", data=ENHANCED | {"job_id": "x" * 201}).text)

    assert '<a href="#job_id">Job id: At most 200 characters.</a>' in page
    assert "11 digits, for example 00000000000." in page


def test_wish_is_refused_in_production(database_url: str, tmp_path: Any, app: Flask, sign_in: SignInAs):
    sign_in("ben")
    live: Settings = make_settings(tmp_path, database_url=database_url, smile_server="1")
    live_app = create_app(live)
    live_app.testing = True
    live_app.config["WTF_CSRF_ENABLED"] = False
    client = live_app.test_client()
    client.post("/sign-in", data={"email": "ben@example.com", "password": PASSWORD})

    page = client.get("/jobs/new?product=enhanced_kyc&country=NG&id_type=BVN").text
    answer = client.post("/jobs", data=ENHANCED | {"sandbox_result": "0"})
    again = client.post("/jobs/new", data=ENHANCED | {"again": "01a20000-0000-7000-8000-000000000000"}).text
    context_of(live_app).database.dispose()

    assert "Run in production (charged)" in page
    assert "which is charged again" in again
    assert "Test numbers" not in page
    assert 'name="sandbox_result"' not in page
    assert answer.status_code == 422
    assert "works only in the sandbox" in answer.text


@pytest.mark.parametrize("path", ["/jobs", "/jobs/new"])
@pytest.mark.parametrize(("who", "status"), [("cleo", 403), (None, 303)])
def test_only_who_may_create_posts_the_form(
    sign_in: SignInAs, client: FlaskClient, session: Session, path: str, who: str | None, status: int
):
    if who:
        sign_in(who)

    answer = client.post(path, data=ENHANCED)

    assert answer.status_code == status
    assert session.exec(select(Job).order_by(Job.id)).all() == []
    assert client.get("/jobs/new").status_code == status


def test_summary_says_what_an_open_id_type_means(sign_in: SignInAs):
    page = sign_in("ben").get("/jobs/new?product=document_verification&country=GH").text

    assert "<dt>ID type</dt><dd>Smile recognises it</dd>" in page
