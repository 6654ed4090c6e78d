"""Whatever can be stored on a timeline has words, and they are those of the reader."""

from datetime import UTC, datetime
from typing import Any

import pytest

from dashboard.callbacks import reason_words, step_words
from dashboard.callbacks.models import Verdict
from dashboard.callbacks.refused.reasons import WORDS as REFUSED_WORDS
from dashboard.callbacks.refused.reasons import RefusalReason
from dashboard.callbacks.steps import REASONS, StepKind
from dashboard.features import FEATURES
from dashboard.jobs import problems
from dashboard.jobs.dealt_with import CAME_BACK
from dashboard.jobs.models import JobEvent
from dashboard.jobs.problems import ProblemKind, problem, problem_words
from dashboard.jobs.showing import event_words
from dashboard.jobs.timeline import EventKind, SentHow
from dashboard.jobs.warning_labels import LABELS
from dashboard.smile.warnings import WarningKind
from dashboard.web.pages.locales import Formats
from tests.factories.events import in_words

AT = datetime(2026, 1, 15, 23, 30, 5, tzinfo=UTC)
LAGOS, NAIROBI = Formats("en", "Africa/Lagos"), Formats("sw", "Africa/Nairobi")
SILENCE = problem(ProblemKind.NO_ANSWER, said="Smile did not answer.")
DELAYED = {"problem": SILENCE, "wait_seconds": 1200, "next_try_at": AT.isoformat()}
STALE = [
    {"passed": True, "kind": "key_matches", "facts": {"key": 1, "added_at": AT.isoformat()}},
    {"passed": False, "kind": "age", "facts": {"age_seconds": 720.0, "signed_at": AT.isoformat()}},
]


def event(kind: EventKind, /, **facts: Any) -> JobEvent:
    return JobEvent(at=AT, kind=kind, text="", facts=facts)


def test_every_kind_of_event_has_words_of_one_slice():
    registered = [kind for feature in FEATURES for kind in feature.event_words]

    assert sorted(registered) == sorted(EventKind)


@pytest.mark.parametrize(
    ("kinds", "words"),
    [
        (SentHow, event_words.SENT),
        (ProblemKind, problems.WORDS),
        (StepKind, step_words.WORDS),
        (Verdict, REASONS),
        (Verdict, reason_words.JOINED),
        (RefusalReason, REFUSED_WORDS),
        (WarningKind, LABELS),
    ],
)
def test_every_kind_within_an_event_has_words(kinds: type, words: dict[str, object]):
    assert sorted(words) == sorted(kinds)


def test_what_brings_a_job_back_has_words():
    for because in CAME_BACK:
        assert in_words(event(EventKind.CAME_BACK, because=because)) == f"Needs you again: {CAME_BACK[because]}."


@pytest.mark.parametrize(
    ("told", "lagos", "nairobi"),
    [
        (
            event(EventKind.DELAYED, **DELAYED),
            "Smile did not answer. Trying again in 1,200 s, at 00:30:05.",
            "Smile did not answer. Trying again in 1,200 s, at 02:30:05.",
        ),
        (
            event(EventKind.CALLBACK, verdict="stale", reason=STALE),
            "Callback, stale. The signature matches key 1 (added 16 January 2026), but the timestamp,"
            " 16 Jan 2026, 00:30:05 WAT, is 12 minutes old.",
            "Callback, stale. The signature matches key 1 (added 16 Januari 2026), but the timestamp,"
            " 16 Jan 2026, 02:30:05 EAT, is 12 minutes old.",
        ),
        (
            event(EventKind.REFUSED_DELIVERY, reasons={"not_json": 1500, "nested": 1}, last_at=AT.isoformat()),
            "1,501 deliveries for this job were refused, the last 16 Jan 2026, 00:30:05 WAT:"
            " not JSON (1,500), nested too deeply (1).",
            "1,501 deliveries for this job were refused, the last 16 Jan 2026, 02:30:05 EAT:"
            " not JSON (1,500), nested too deeply (1).",
        ),
    ],
)
def test_moments_and_numbers_are_written_for_the_reader(told: JobEvent, lagos: str, nairobi: str):
    assert (in_words(told, LAGOS), in_words(told, NAIROBI)) == (lagos, nairobi)


def test_numbers_follow_the_language():
    sent = event(EventKind.SENT, how="images", count=8, size=2_500_000)

    assert in_words(sent, Formats("fr")) == "8 images sent, 2,4 MB."
    assert in_words(sent) == "8 images sent, 2.4 MB."


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (event(EventKind.CREATED, by="ben@example.com"), "Created by ben@example.com."),
        (event(EventKind.OPENED, is_first=True), "Smile's page was opened with a new token."),
        (event(EventKind.OPENED, is_first=False), "Smile's page was opened again, with another token."),
        (event(EventKind.LATE_RESULT, code="1012", is_id_step=True),
         "An older result of the ID step alone (1012) was seen again."),
        (event(EventKind.CONFIRMED, outcome="approved", before="provisional", result_code="0810"),
         "Confirmed with Smile: approved (was provisional), code 0810."),
        (event(EventKind.CONFIRMED, outcome="unknown", result_code=None), "Confirmed with Smile: unknown."),
        (event(EventKind.WARNING, kind="deceased", is_confirmed=False),
         "A callback claims a warning: recorded as deceased."),
        (event(EventKind.ERASED, what="images", count=8, rule={"days": 1}),
         "Images (8): erased. Rule: kept for 1 day."),
        (event(EventKind.ERASED, what="person", count=1, rule={"proof": "7"}),
         "The customer's details: erased. The person was erased on request, proof 7."),
        (event(EventKind.ERASED, what="images", count=1, rule="Rule: kept for 9 days."),
         "Images: erased. Rule: kept for 9 days."),
        (event(EventKind.CALLBACK, verdict="valid", is_erased=True), "Callback, valid. [erased]"),
        (event(EventKind.CALLBACK_AGAIN, verdict="valid", is_erased=True), "Callback, valid. [erased]"),
    ],
)  # fmt: skip
def test_events_read_as_they_always_did(told: JobEvent, words: str):
    assert in_words(told) == words


def test_last_attempt_says_that_it_was_the_last():
    words = problem_words(problems.at_the_last_attempt(SILENCE), Formats())

    assert words == "Smile did not answer. All attempts are used up; run it again when Smile can be reached."
