"""Plain words become the filters of a list, and what is not understood is said."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.callbacks.filters import CallbackFilter
from dashboard.db import Database
from dashboard.find.days import read_days
from dashboard.find.words import Phrase, read_phrase
from dashboard.jobs.filters import JobFilter
from dashboard.links.filters import LinkFilter
from dashboard.web.lists.fields import Scope
from tests.factories.team import make_member
from tests.unit.find.phrases import NOT_UNDERSTOOD, UNDERSTOOD, Means

pytestmark = pytest.mark.both_engines
LISTS = (JobFilter, LinkFilter, CallbackFilter)
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
TODAY = date(2026, 11, 26)


@pytest.fixture
def scope(in_app: Flask, database: Database) -> Iterator[Scope]:
    make_member(database, "ben")
    with in_app.test_request_context(), database.reading() as session:
        yield Scope(session, "sandbox", NOON)


def test_enough_phrases_are_tried():
    assert len(UNDERSTOOD) >= 60
    assert len(NOT_UNDERSTOOD) >= 30


def test_each_phrase_is_what_it_says(scope: Scope):
    wrong = {means.phrase: read_phrase(scope, means.phrase, LISTS) for means in UNDERSTOOD}

    wrong = {
        phrase: read for (phrase, read), means in zip(wrong.items(), UNDERSTOOD, strict=True) if not fits(read, means)
    }

    assert wrong == {}


def fits(read: Phrase, means: Means) -> bool:
    if read.filters is None or read.unknown:
        return False
    same_filters = sorted(urlencode(read.filters.in_clear).split("&")) == sorted(means.filters.split("&"))
    return read.filters.purpose == means.purpose and same_filters


def test_what_is_not_understood_is_said(scope: Scope):
    read = {phrase: read_phrase(scope, phrase, LISTS) for phrase, _, _ in NOT_UNDERSTOOD}

    said = {phrase: ([*each.unknown], each.filters is not None) for phrase, each in read.items()}

    assert said == {phrase: (unknown, is_filter) for phrase, unknown, is_filter in NOT_UNDERSTOOD}


def test_a_list_that_is_not_there_is_not_offered(scope: Scope):
    assert read_phrase(scope, "rejected", (LinkFilter,)).filters is None
    assert read_phrase(scope, "rejected", ()).filters is None


def test_days_are_those_of_the_reader(scope: Scope):
    late = replace(scope, now=datetime(2026, 11, 26, 23, 30, tzinfo=UTC), zone=ZoneInfo("Africa/Nairobi"))

    read = read_phrase(late, "failed today", LISTS)

    assert read.filters is not None
    assert read.filters.in_clear["since"] == "2026-11-27"


@settings(max_examples=50)
@given(st.text(max_size=60), st.sampled_from(["", "rejected ", "since ", "last ", "between monday and "]))
def test_any_text_is_read(text: str, begin: str):
    read = read_days(begin + text, TODAY)

    assert read is None or read.end <= len(begin + text)
