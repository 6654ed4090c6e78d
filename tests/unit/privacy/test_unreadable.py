"""What cannot be opened is said where it would stand; the rest is shown, and everything goes on."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import Session, select

from dashboard.callbacks import tasks as callback_tasks
from dashboard.callbacks.models import Callback, ProcessingRun
from dashboard.config import Settings
from dashboard.crypto import CANNOT_BE_OPENED
from dashboard.db import Database, utc_now
from dashboard.jobs.models import Job, JobEvent, JobState, Result
from dashboard.links.models import Link
from dashboard.privacy import unreadable
from dashboard.privacy.tasks import look_for_unreadable
from dashboard.privacy.unreadable import SealedPlace, UnreadableScan, look_on
from dashboard.smile_keys import SmileKey, read_keys, seed_keys
from dashboard.team.factors.models import AuthenticatorApp
from tests.factories.clients import replace_clients
from tests.factories.damage import damage_column, damage_file
from tests.factories.events import in_words
from tests.factories.everything import Everything, make_everything
from tests.factories.features import REGISTERED
from tests.factories.links import FakeTokens, make_link
from tests.factories.persons import AMINA
from tests.factories.team import PASSWORD, SECOND_STEP, make_member

pytestmark = pytest.mark.both_engines

SignInAs = Callable[[str], FlaskClient]
REASON = {"reason": "review"}


@pytest.fixture
def everything(app: Flask, database: Database, settings: Settings) -> Everything:
    with app.app_context():
        return make_everything(database, settings)


def test_job_shows_the_rest(sign_in: SignInAs, database: Database, everything: Everything, session: Session):
    job, ada = everything.job, sign_in("ada")
    result = session.exec(select(Result).where(Result.job_id == job.id)).one()
    damage_column(database, "job.person_sealed", job.id)
    damage_column(database, "job.id_number_sealed", job.id)
    damage_column(database, "result.payload_sealed", result.id)

    pages = [ada.get(f"/jobs/{job.id}"), ada.get(f"/jobs/{job.id}/status")]
    twin = ada.get(f"/jobs/{job.id}.json")
    revealed = ada.post(f"/jobs/{job.id}/reveals", data=REASON)

    for page in pages:
        assert page.status_code == 200
        assert f"What Smile returned: {CANNOT_BE_OPENED}" in page.text
        assert f'<pre tabindex="0">{CANNOT_BE_OPENED}</pre>' in page.text
        assert page.text.count(CANNOT_BE_OPENED) >= 8  # the number, and each detail that may have been given
        assert AMINA.job_id in page.text
        assert "Differs" not in page.text
    assert twin.status_code == 200
    assert [each["problem"] for each in twin.get_json()["results"]] == [CANNOT_BE_OPENED]
    assert revealed.status_code == 200
    assert revealed.text.count(CANNOT_BE_OPENED) >= 8


def test_one_part_does_not_hide_another(sign_in: SignInAs, database: Database, everything: Everything):
    ada = sign_in("ada")
    damage_column(database, "job.id_number_sealed", everything.job.id)

    revealed = ada.post(f"/jobs/{everything.job.id}/reveals", data=REASON).text

    assert CANNOT_BE_OPENED in revealed
    assert AMINA.given["first_name"] in revealed


def test_run_again_leaves_it_out_and_says_so(sign_in: SignInAs, database: Database, everything: Everything):
    ada = sign_in("ada")
    damage_column(database, "job.id_number_sealed", everything.job.id)

    page = ada.get(f"/jobs/new?again={everything.job.id}")

    assert page.status_code == 200
    assert "Some details of that job cannot be opened. Type them again." in page.text
    assert AMINA.reference in page.text
    assert f'value="{CANNOT_BE_OPENED}"' not in page.text


@pytest.mark.parametrize("is_gone", [True, False])
def test_picture_that_is_gone_or_damaged_is_no_server_error(
    sign_in: SignInAs, settings: Settings, everything: Everything, is_gone: bool
):
    ada, image = sign_in("ada"), everything.image
    if is_gone:
        (settings.instance_dir / "media/sandbox" / image.media_path).unlink()
    else:
        damage_file(settings, image)

    answer = ada.get(f"/jobs/{everything.job.id}/images/{image.id}")

    assert answer.status_code == 404
    assert "cannot be opened" in answer.text


def test_callback_shows_the_rest(sign_in: SignInAs, database: Database, everything: Everything):
    ada, callback = sign_in("ada"), everything.callback
    damage_column(database, "callback.body_sealed", callback.id)

    page, twin = ada.get(f"/callbacks/{callback.id}?verified=now"), ada.get(f"/callbacks/{callback.id}.json")
    status, body = ada.get(f"/callbacks/{callback.id}/status"), ada.get(f"/callbacks/{callback.id}/body")
    revealed = ada.post(f"/callbacks/{callback.id}/reveals", data=REASON)
    compared = ada.get(f"/callbacks/{callback.id}/compare/{everything.other.id}")
    processed = ada.post(f"/callbacks/{callback.id}/processing", follow_redirects=True)

    assert [each.status_code for each in (page, twin, status, revealed, compared)] == [200] * 5
    assert body.status_code == 404
    assert "cannot be opened, so it was not processed." in processed.text
    assert "The body cannot be opened: it was damaged, or its encryption key is missing." in page.text
    assert "SHA-256 is different" not in page.text
    for shown in (page, revealed, compared):
        assert CANNOT_BE_OPENED in shown.text
    assert twin.get_json()["body"] == CANNOT_BE_OPENED
    assert callback.body_sha256 in page.text


def test_callback_still_has_smile_asked(
    in_app: Flask, database: Database, everything: Everything, woken: list[tuple[str, object]]
):
    callback = everything.callback
    damage_column(database, "callback.body_sealed", callback.id)
    results = [result.id for result in _results(database, everything.job)]

    callback_tasks.handle(callback.id)

    with database.reading() as session:
        assert session.get_one(Callback, callback.id).handled_at is not None
    assert ("jobs.advance", everything.job.id) in woken
    assert [result.id for result in _results(database, everything.job)] == results


def test_run_whose_search_cannot_be_opened_ends(in_app: Flask, database: Database, everything: Everything):
    """It is not known what it should process, which must not become everything."""
    damage_column(database, "processing_run.filters", everything.run_id)

    callback_tasks.process_run(everything.run_id)

    with database.reading() as session:
        run = session.get_one(ProcessingRun, everything.run_id)
    assert (run.done, run.due_at, run.finished_at is not None) == (0, None, True)


def test_link_shows_the_rest(sign_in: SignInAs, database: Database, everything: Everything):
    ada, link = sign_in("ada"), everything.link
    damage_column(database, "link.prefill_sealed", link.id)

    page, revealed = ada.get(f"/links/{link.id}"), ada.post(f"/links/{link.id}/reveals", data=REASON)

    assert (page.status_code, revealed.status_code) == (200, 200)
    assert f"<dt>Filled in</dt><dd>{CANNOT_BE_OPENED}</dd>" in page.text
    assert f"<dt>Details</dt><dd>{CANNOT_BE_OPENED}</dd>" in revealed.text


def test_customer_types_what_cannot_be_filled_in(
    app: Flask, client: FlaskClient, database: Database, settings: Settings
):
    replace_clients(app, tokens=FakeTokens())
    link, code = make_link(database, settings, prefill={"first_name": "Amina"})
    damage_column(database, "link.prefill_sealed", link.id)

    answer = client.post(f"/v/{code}/start", data={"consent": "yes"})

    assert answer.status_code == 200
    assert "id_info" not in answer.text


def test_locked_details_that_cannot_be_opened_start_nothing(
    app: Flask, client: FlaskClient, database: Database, settings: Settings
):
    """The customer could have somebody else verified in the place of who was meant."""
    replace_clients(app, tokens=FakeTokens())
    link, code = make_link(database, settings, prefill={"first_name": "Amina"}, prefill_is_locked=True)
    damage_column(database, "link.prefill_sealed", link.id)

    answer = client.post(f"/v/{code}/start", data={"consent": "yes"})

    assert answer.status_code == 409
    with database.reading() as session:
        found = session.get_one(Link, link.id)
        assert found.uses_spent == 0
        assert "cannot be opened. Make a new link." in (found.last_error or "")
        assert session.exec(select(Job)).all() == []


def test_unreadable_app_counts_as_a_wrong_code_and_names_the_way_out(client: FlaskClient, database: Database):
    ada = make_member(database, "ada")
    damage_column(database, "authenticator_app.secret_sealed", ada.id)
    client.post("/sign-in", data={"email": ada.email, "password": PASSWORD})

    answer = client.post(SECOND_STEP, data={"code": "123456"})

    assert answer.status_code == 422
    assert "ask the administrator of this dashboard to remove your second factor" in answer.text


def test_app_that_was_not_confirmed_yet_is_begun_again(sign_in: SignInAs, database: Database):
    ben = sign_in("ben")
    ben.post("/account/confirmation", data={"password": PASSWORD, "next": "/account"})
    ben.post("/account/second-factors/app/new")
    with database.reading() as session:
        member_id = session.exec(select(AuthenticatorApp.member_id)).one()
    damage_column(database, "authenticator_app.secret_sealed", member_id)

    assert ben.get("/account/second-factors/app").status_code == 303
    begun = ben.post("/account/second-factors/app", data={"code": "123456"}, follow_redirects=True)
    assert "There is no app to finish setting up. Begin again." in begun.text
    ben.post("/account/second-factors/app/new")
    assert ben.get("/account/second-factors/app").status_code == 200


def test_api_key_that_cannot_be_opened_is_skipped_and_named(
    sign_in: SignInAs, database: Database, settings: Settings, everything: Everything
):
    ada = sign_in("ada")
    ada.post("/account/confirmation", data={"password": PASSWORD, "next": "/account"})
    ada.post("/settings/callbacks/keys", data={"api_key": "another-key-0002"})
    with database.reading() as session:
        second = session.exec(select(SmileKey.id).where(SmileKey.number == 2)).one()
    damage_column(database, "smile_key.key_sealed", second)

    with database.reading() as session:
        keys = read_keys(session, settings)
    page, twin = ada.get("/settings/callbacks"), ada.get("/settings/callbacks.json").get_json()

    assert (keys.signing.number, [key.number for key in keys.active], keys.unreadable) == (1, [1], (2,))
    assert CANNOT_BE_OPENED in page.text
    assert [key["problem"] for key in twin["keys"]] == [None, CANNOT_BE_OPENED]
    assert "API keys that cannot be opened and are left out: 2." in ada.get("/settings/health").text
    ada.post("/settings/callbacks/keys", data={"api_key": "another-key-0002"})
    with database.reading() as session:
        assert read_keys(session, settings).unreadable == ()


def test_api_key_of_the_environment_is_sealed_again_at_the_next_start(
    database: Database, settings: Settings, everything: Everything
):
    with database.reading() as session:
        first = session.exec(select(SmileKey.id)).one()
    damage_column(database, "smile_key.key_sealed", first)
    with database.reading() as session:
        keys = read_keys(session, settings)
        assert (keys.signing.value, keys.unreadable) == (settings.api_keys[0], (1,))

    with database.transaction() as session:
        seed_keys(session, settings, utc_now())

    with database.reading() as session:
        assert read_keys(session, settings).unreadable == ()


def test_job_that_cannot_be_sent_fails_with_a_reason(
    in_app: Flask, database: Database, settings: Settings, everything: Everything
):
    damage_column(database, "job.person_sealed", everything.queued.id)

    for task in REGISTERED.tasks:
        if task.name == "jobs.advance":
            task.run(everything.queued.id)

    with database.reading() as session:
        job = session.get_one(Job, everything.queued.id)
        events = session.exec(select(JobEvent).where(JobEvent.job_id == job.id)).all()
    assert job.state == JobState.QUEUED
    assert any("cannot be read" in in_words(event) for event in events)


def test_health_page_counts_what_the_worker_found(
    app: Flask, sign_in: SignInAs, database: Database, settings: Settings, everything: Everything
):
    ada = sign_in("ada")
    assert "The worker has not tried yet" in ada.get("/settings/health").text
    damage_column(database, "job.person_sealed", everything.job.id)
    damage_column(database, "job.person_sealed", everything.queued.id)
    damage_file(settings, everything.image)

    with app.app_context():
        look_for_unreadable(utc_now())

    page = ada.get("/settings/health").text
    assert "Sealed values and files that cannot be opened: 1 of image.media_path, 2 of job.person_sealed." in page
    assert "dashboard db check --all" in page


def test_look_goes_on_where_it_stopped(
    database: Database, settings: Settings, everything: Everything, monkeypatch: pytest.MonkeyPatch
):
    """Each reads a bounded number of bytes, however much is stored."""
    damage_column(database, "job.person_sealed", everything.queued.id)
    monkeypatch.setattr(unreadable, "MOST_BYTES", 1)
    looks: list[UnreadableScan] = []

    while not looks or looks[-1].completed_at is None:
        looks.append(look_on(database, settings, REGISTERED.sealed_columns, utc_now()))

    assert len(looks) > len(REGISTERED.sealed_columns)
    places = [look.last for look in looks if look.last]
    assert len(set(places)) == len(places)
    assert looks[-1].complete == {"job.person_sealed": 1}
    assert looks[-1].last is None
    look = look_on(database, settings, REGISTERED.sealed_columns, utc_now())
    assert look.counts == {"job.person_sealed": 1}


def test_place_names_table_row_and_column(everything: Everything):
    place = SealedPlace("job.person_sealed", everything.job.id)

    assert str(place) == f"job {everything.job.id} person_sealed"


def _results(database: Database, job: Job) -> list[Result]:
    with database.reading() as session:
        return list(session.exec(select(Result).where(Result.job_id == job.id)).all())
