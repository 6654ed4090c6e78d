"""Secrets and customers' details go through every flow and every fault; afterwards they stand nowhere in the clear.

What may be seen without a press of "reveal" is MAY_SEE; everything else is a leak, and so is an entry that is not used.
"""

import re
import time
from dataclasses import dataclass, field

import pytest
import requests

from tests.factories.callbacks import make_payload
from tests.integration.conftest import Deployment, Staff, shared_deployment
from tests.security import flows
from tests.security.canaries import ID_NUMBER, PERSON, PLACES, Canaries, hits, make_picture, rows

__all__ = ["shared_deployment"]  # the fixture is theirs; naming it here makes it known to the tests of this file

#: All of it is done once, before the first test; on a machine that is busy with other things it takes its time.
pytestmark = pytest.mark.timeout(400)
CALLBACKS_LOOKED_AT = 14  # those of each verdict came last
WHY = {"reason": "review"}
LISTS = ("/jobs", "/links", "/callbacks", "/tokens", "/team", "/audit", "/settings", "/account")
PAGES = ("/jobs/new", "/links/new", "/tokens/new", "/settings/callbacks", "/sign-in", "/readyz", "/metrics", "/healthz")


@dataclass
class Story:
    """What was done, and every answer that somebody got while it was done."""

    deployment: Deployment
    canaries: Canaries
    answers: list[requests.Response] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def story(shared_deployment: Deployment) -> Story:
    story = Story(shared_deployment, Canaries())
    ada, ben = watched_staff(story, "ada"), watched_staff(story, "ben")
    flows.change_settings(shared_deployment, ada)
    flows.sign_in_rightly_and_wrongly(shared_deployment, story.canaries)
    jobs = flows.run_every_product(ben)
    story.paths.append(flows.go_through_a_link(shared_deployment, ben, story.canaries))
    flows.issue_a_token(ben, story.canaries)
    flows.send_every_verdict(shared_deployment, ben, jobs[0], story.canaries)
    callbacks = ben.get("/callbacks.json").json()["items"][:CALLBACKS_LOOKED_AT]
    add_stored_pictures(ben, jobs[0], story.canaries)
    jobs += flows.run_through_every_fault(shared_deployment, ben)
    flows.type_badly(ben)
    flows.find_the_person(ben, watched_staff(story, "cleo"))
    fail_in_the_database(story, ben, jobs[0])
    # Of the jobs that met a fault the last ones tell as much as all.
    story.paths += [f"/jobs/{job}" for job in (*jobs[: len(flows.JOBS)], *jobs[-2:])]
    story.paths += [f"/callbacks/{item['id']}" for item in callbacks]
    return story


def watched_staff(story: Story, name: str) -> Staff:
    staff = story.deployment.staff(name)
    staff.http.hooks["response"].append(lambda answer, *_, **__: story.answers.append(answer))
    flows.add_cookies(story.canaries, staff)
    return staff


def add_stored_pictures(ben: Staff, job: str, canaries: Canaries) -> None:
    """As they are served: what is stored need not be what was sent."""
    for image in ben.job(job)["images"]:
        canaries.add_picture(ben.get(f"/jobs/{job}/images/{image['id']}").content)


def fail_in_the_database(story: Story, ben: Staff, job: str) -> None:
    """Errors that nobody foresaw, in each kind of handler: page, form, customer, callback and worker."""
    named = ben.job(job)["job_id"]

    def act() -> None:
        made = ben.post("/jobs", *flows.JOBS[0])
        seen = ben.get(f"/jobs/{job}")
        called = flows.call_back(story.deployment, flows.make_signed(named, story.canaries))
        customer = requests.get(f"{story.deployment.web_url}/v/{'x' * 32}", timeout=20)
        assert [made.status_code, seen.status_code, called.status_code, customer.status_code] == [500, 500, 503, 500]
        story.answers += [called, customer]

    flows.break_tables(story.deployment, act, "image", "callback", "link")
    waiting: list[str] = []

    def settle() -> None:
        waiting.append(ben.create_job(*flows.JOBS[4]))
        wait_for_log(story, "task_failed")

    flows.break_tables(story.deployment, settle, "result")
    flows.wait(ben, waiting)


def wait_for_log(story: Story, words: str) -> None:
    deadline = time.monotonic() + 30
    while words not in story.deployment.logs():
        assert time.monotonic() < deadline, f"no process ever logged {words}"
        time.sleep(0.1)


def test_nothing_that_is_kept_or_logged_holds_a_secret_or_a_person(story: Story) -> None:
    assert len(story.canaries.known) >= 20

    assert hits(story.deployment, story.canaries) == []


def test_logs_tell_of_the_errors_without_their_text(story: Story) -> None:
    logs = story.deployment.logs()

    assert "request_failed" in logs
    assert "callback_not_stored" in logs
    assert "task_failed" in logs
    assert "Traceback" not in logs


@pytest.mark.parametrize("member", ["ada", "ben", "cleo", ""])
def test_nobody_is_shown_any_without_a_press(story: Story, member: str) -> None:
    staff = story.deployment.staff(member) if member else Staff(story.deployment.web_url)
    twins = [f"{path}.json" for path in (*LISTS, *story.paths)]

    seen: dict[str, set[str]] = {}
    for path in (*LISTS, *PAGES, *story.paths, *twins, *(f"{path}/status" for path in story.paths)):
        answer = staff.get(path)
        assert answer.status_code < 500, path
        found = story.canaries.found_in(answer.content)
        if found:
            seen.setdefault(re.sub(r"[0-9a-f-]{36}.*", "", path), set()).update(found)

    assert seen == {}


def test_page_of_an_error_and_the_address_of_an_answer_hold_none(story: Story) -> None:
    errors = [answer for answer in story.answers if answer.status_code >= 400 and answer.status_code != 422]
    addresses = [str(answer.headers.get("Location", "")) for answer in story.answers]

    leaks = [f"{answer.url}: {name}" for answer in errors for name in story.canaries.found_in(answer.content)]
    leaks += [f"{address}: {name}" for address in addresses for name in story.canaries.found_in(address.encode())]

    assert len(errors) >= 5
    assert leaks == []


def test_press_of_reveal_is_what_shows_it(story: Story) -> None:
    """Else the canaries would not have been there at all, and the tests above would prove nothing."""
    ben, job = story.deployment.staff("ben"), story.paths[1].removeprefix("/jobs/")

    revealed = ben.post(f"/jobs/{job}/reveals", WHY)
    link = ben.post(f"{story.paths[0]}/reveals", WHY)
    picture = ben.get(f"/jobs/{job}/images/{ben.job(job)['images'][0]['id']}")

    assert {"id_number", "first_name", "last_name"} <= set(story.canaries.found_in(revealed.content))
    assert "id_number" in story.canaries.found_in(link.content)
    assert "picture" in story.canaries.found_in(picture.content)


def test_search_finds_a_canary_in_every_place_where_one_is_put(story: Story) -> None:
    canaries = Canaries()
    path = story.deployment.log_dir / "planted.log"

    path.write_bytes(b"..." + make_picture()[1000:2500] + ID_NUMBER.encode())
    found = hits(story.deployment, canaries)
    path.unlink()

    assert "planted.log: id_number" in found
    assert "planted.log: picture" in found
    assert len(PLACES) >= 3
    assert sum(1 for _ in rows(story.deployment)) > 50
    assert make_payload()["FullName"] not in PERSON.values()
