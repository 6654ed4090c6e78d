"""The vocabulary of outcomes: every state of a job has a word and a shape."""

import pytest
from flask import Flask, render_template_string

from dashboard.jobs.models import JobState, Outcome

BADGE = '{% from "shared/outcome.html" import badge %}{{ badge(state, outcome) }}'


def badge(app: Flask, state: JobState, outcome: Outcome | None = None) -> str:
    with app.test_request_context():
        return render_template_string(BADGE, state=state, outcome=outcome)


@pytest.mark.parametrize("outcome", Outcome)
def test_an_outcome_is_said_in_a_word_beside_its_shape(app: Flask, outcome: Outcome):
    html = badge(app, JobState.DONE, outcome)

    assert f"<span>{outcome.value.capitalize()}</span>" in html
    assert f"shape-{outcome.value}" in html


@pytest.mark.parametrize("state", [state for state in JobState if state != JobState.DONE])
def test_every_other_state_has_a_word_too(app: Flask, state: JobState):
    html = badge(app, state)

    assert f"<span>{state.value.replace('_', ' ').capitalize()}</span>" in html
    assert 'class="shape ' in html


def test_no_two_outcomes_share_a_shape(app: Flask):
    shapes = {
        badge(app, JobState.DONE, outcome).split("<svg")[1].split(">", 1)[1].split("</svg>")[0] for outcome in Outcome
    }

    assert len(shapes) == len(Outcome)


def test_a_job_that_is_done_without_an_outcome_counts_as_unknown(app: Flask):
    assert "Unknown" in badge(app, JobState.DONE)
