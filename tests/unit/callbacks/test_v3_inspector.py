"""The page of a webhook of v3: the same explanation as for v1, and whether it is about its job."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlmodel import select

from dashboard.callbacks.models import Callback
from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.jobs.following.outcome import settle_job
from dashboard.jobs.following.v3_answers import read_v3
from dashboard.jobs.models import Job, ResultSource
from dashboard.jobs.submitting.callback_keys import callback_key
from dashboard.smile.constants import SmileApi
from tests.factories.callbacks import DOOR, V3_JOB, deliver, encode, make_job, make_v3_headers, make_v3_payload

pytestmark = pytest.mark.both_engines

SignIn = Callable[[str], FlaskClient]
OTHER = f"{V3_JOB[:-2]}zz"


@pytest.fixture
def job(database: Database, settings: Settings) -> Job:
    """Sent, with the answer lost."""
    sending_at = utc_now() - timedelta(minutes=1)
    return make_job(database, "job-2", settings.secret_key.get_secret_value(), api=SmileApi.V3, sending_at=sending_at)


@pytest.fixture
def address(client: FlaskClient, database: Database, settings: Settings, job: Job) -> str:
    """The page of a webhook that came to the job's address."""
    door = f"{DOOR}/{callback_key(settings.secret_key.get_secret_value(), job.id)}"
    payload = make_v3_payload(status="block", reason="high_risk", message="Verification failed")
    deliver(client, encode(payload), door, headers=make_v3_headers(**{"Job-ID": V3_JOB}))
    with database.reading() as session:
        return f"/callbacks/{session.exec(select(Callback.id)).one()}"


def bind(database: Database, job: Job, smile_job_id: str, status: str) -> None:
    with database.transaction() as session:
        found = session.get_one(Job, job.id)
        found.smile_job_id = smile_job_id
        settle_job(session, found, read_v3({"status": status}), ResultSource.JOB_STATUS, utc_now())


def test_it_is_explained_step_by_step(sign_in: SignIn, address: str) -> None:
    client = sign_in("ada")

    page, twin = client.get(address).text, client.get(f"{address}.json").json
    verified = client.post(f"{address}/verifications", follow_redirects=True).text

    steps = [step["text"] for step in twin["steps"]]
    assert steps[1] == "It is signed in its headers, as Smile's v3 API does."
    assert steps[6].endswith(f"whose id at Smile is not known yet. Smile is asked about {V3_JOB}.")
    assert "what it claims does not count" in steps[-1]
    assert (twin["decision"], twin["result_code"], twin["job_id"] is not None) == ("block", "high_risk", True)
    assert twin["signed_text"].endswith("2sid_request")
    assert "Only its SHA-256 is kept" in page
    assert "response-signature: &lt;signature&gt;" in page
    assert "Biometric KYC is rejected: Smile rates the risk of fraud as high." in page
    assert "usable signature" not in page
    assert "The signature matches key 1" in verified.partition("Verified again:")[2].partition("</section>")[0]


def test_one_that_turns_out_to_be_about_its_job_is_confirmed(
    sign_in: SignIn, database: Database, job: Job, address: str
) -> None:
    bind(database, job, V3_JOB, "block")

    twin = sign_in("ben").get(f"{address}.json").json

    assert [step["kind"] for step in twin["steps"]][-3:] == ["names_our_job", "untouched", "confirmed"]
    assert twin["steps"][-1]["text"].startswith("Confirmed with Smile")
    assert not twin["is_contradicted"]


def test_one_that_lies_is_contradicted_on_its_page_and_in_the_list(
    sign_in: SignIn, database: Database, job: Job, address: str
) -> None:
    bind(database, job, V3_JOB, "clear")

    twin, listed = sign_in("ben").get(f"{address}.json").json, sign_in("ben").get("/callbacks.json").json["items"]

    assert twin["alarm"] == "It claims rejected (high risk), but Smile itself says approved."
    assert [each["is_contradicted"] for each in listed] == [True]
    assert "Contradicted" in sign_in("ben").get("/callbacks").text


def test_one_about_another_job_says_nothing_about_this_one(
    sign_in: SignIn, database: Database, job: Job, address: str
) -> None:
    bind(database, job, OTHER, "clear")

    page, twin = sign_in("ben").get(address).text, sign_in("ben").get(f"{address}.json").json

    assert twin["steps"][-1]["kind"] == "not_this_job"
    assert (twin["alarm"], twin["confirmed_at"]) == (None, None)
    assert "It names another job at Smile" in page
    assert [each["is_contradicted"] for each in sign_in("ben").get("/callbacks.json").json["items"]] == [False]
