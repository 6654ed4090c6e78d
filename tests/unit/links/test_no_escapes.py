"""What a customer reads holds no escape of a sign, in any language and at any stage."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlmodel import select

from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.jobs.models import Job, JobState, Outcome
from dashboard.languages import LANGUAGES
from dashboard.links.models import LinkStart
from dashboard.smile import TransportFailed
from dashboard.stored_settings import Branding, write_branding
from tests.factories.links import TWO_CHOICES, FakeTokens, make_link

pytestmark = pytest.mark.both_engines
FOR_SCRIPTS = re.compile(r'<script type="application/json".*?</script>', re.DOTALL)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_spells_out_a_sign_that_hides_or_turns_text(
    new_phone: Callable[[], FlaskClient], tokens: FakeTokens, database: Database, settings: Settings, language: str
):
    """Neither of our own, which keep names whole in Arabic, nor one that stands in the name."""
    with database.transaction() as session:
        write_branding(session, Branding("Kora\u200b Bank", purposes={language: "Why\u202e"}), utc_now())
    _, code = make_link(database, settings, language=language, choices=TWO_CHOICES, uses=9)
    one, other = new_phone(), new_phone()
    agreed = {"consent": "yes", "choice": "0", "language": language}

    pages = [one.get(f"/v/{code}"), one.post(f"/v/{code}/start", data={"language": language})]
    pages += [one.post(f"/v/{code}/start", data=agreed), one.get(f"/v/{code}")]
    one.post(f"/v/{code}/submission")
    pages += [one.get(f"/v/{code}"), other.get(f"/v/unknown?lang={language}")]
    with database.transaction() as session:
        job = session.exec(select(Job)).one()
        job.state, job.outcome, job.settled_at = JobState.DONE, Outcome.APPROVED, utc_now()
        assert "\u2068" not in session.exec(select(LinkStart)).one().consent_text
    tokens.answers = [TransportFailed("down", maybe_sent=False)]
    pages += [one.get(f"/v/{code}"), other.post(f"/v/{code}/start", data=agreed)]

    assert [page.status_code for page in pages] == [200, 422, 200, 200, 200, 404, 200, 503]
    assert all(page.text.startswith(("<!doctype html>", "\n<!doctype html>")) for page in pages)
    assert not any("\\u" in FOR_SCRIPTS.sub("", page.text) for page in pages)
    title, heading = (pages[0].text.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0] for tag in ("title", "h1"))
    assert "<bdi>" not in title
    assert ("<bdi>Kora Bank</bdi>" if language == "ar" else "Kora Bank") in heading
