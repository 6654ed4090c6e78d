"""Smile Links: the row before the call, one creation at most, a lost answer found again, and never a code of ours."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import Session, select

from dashboard.audit.models import AuditEntry
from dashboard.config import Settings
from dashboard.db import Database, utc_now
from dashboard.errors import Conflict, Invalid
from dashboard.links.filters import LinkFilter
from dashboard.links.managing import extend_link, pause_link, renew_code, resume_link, revoke_link
from dashboard.links.models import ASKING_ENDS_AFTER, COUNTED_LATELY, NOTHING_YET, IdTypeChoice, Link, Stage
from dashboard.links.smile_links.smile_links import (
    SmileLinkFailed,
    begin_creation,
    details_for_smile,
    make_or_find,
    note_counters,
    note_disabled,
    note_outcome,
)
from dashboard.smile import BadSignature, Refused, TransportFailed
from dashboard.stored_settings import Branding
from dashboard.web.lists.fields import Scope
from dashboard.web.lists.reading import page_of
from tests.factories.links import reload_link
from tests.factories.smile_links import MADE, PASSPORT, FakeSmileLinks, make_smile_link

pytestmark = pytest.mark.both_engines

LOST = TransportFailed("Smile did not answer in time.")
UNREACHED = TransportFailed("Smile could not be reached.", maybe_sent=False)
REFUSED = Refused(400, "2213", "Error - A required parameter is missing: logo_url")
COUNTED = {"total_jobs": 3, "successful_jobs": 2, "failed_jobs": 1, "disabled_at": None}
NOW = utc_now()


def changed(database: Database, link: Link, verb: Any, *arguments: Any, now: Any = None) -> Any:
    with database.transaction() as session:
        return verb(session, session.get_one(Link, link.id), *arguments, now or utc_now())


def try_to_make(database: Database, settings: Settings, link: Link, smile: FakeSmileLinks, now: Any = None) -> Link:
    may_exist = changed(database, link, begin_creation, now=now)
    outcome = make_or_find(smile, details_for_smile(link, Branding(), settings), may_exist)  # type: ignore[arg-type]
    changed(database, link, note_outcome, outcome, now=now)
    return reload_link(database, link)


def test_smile_is_told_everything_that_it_asks_for(database: Database, settings: Settings):
    link = make_smile_link(database, settings, user_id="user-1", customer_reference="cust-1")
    branding = Branding(company_name="Kora Bank", policy_url="https://kora.example/privacy", logo_url="/static/k.svg")

    details = details_for_smile(link, branding, settings)

    assert details == {
        "name": f"cust-1 {str(link.id)[-12:]}",
        "company_name": "Kora Bank",
        "logo_url": "http://localhost/static/k.svg",
        "data_privacy_policy_url": "https://kora.example/privacy",
        "callback_url": "http://localhost/hooks/smile",
        "id_types": [{"country": "NG", "id_type": "PASSPORT", "verification_method": "doc_verification"}],
        "is_single_use": True,
        "partner_params": {"link_id": str(link.id)},
        "expires_at": details["expires_at"],
        "user_id": "user-1",
    }
    assert details["expires_at"].endswith("Z")


def test_link_for_many_names_no_user(database: Database, settings: Settings):
    link = make_smile_link(database, settings, uses=10_000)

    details = details_for_smile(link, Branding(), settings)

    assert details["is_single_use"] is False
    assert "user_id" not in details


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"choices": ()}, "product"),
        ({"choices": (IdTypeChoice("NG", "NIN_V2", "basic_kyc"),)}, "product"),
        ({"choices": (PASSPORT, IdTypeChoice("NG", "PASSPORT", "enhanced_kyc"))}, "product"),
        ({"user_id": "user-1", "uses": 2}, "user_id"),
        ({"expires_in_days": 0}, "expires_in_days"),
        ({"expires_in_days": 91}, "expires_in_days"),
    ],
)
def test_what_smile_would_refuse_is_refused_here(
    database: Database, settings: Settings, wanted: dict[str, Any], field: str
):
    with pytest.raises(Invalid) as refused:
        make_smile_link(database, settings, **wanted)

    assert list(refused.value.fields) == [field]


def test_form_that_was_sent_twice_is_one_link(database: Database, settings: Settings):
    key = uuid4()

    first = make_smile_link(database, settings, form_key=key)
    second = make_smile_link(database, settings, form_key=key)

    assert first.id == second.id


def test_made_link_knows_its_address(database: Database, settings: Settings, session: Session):
    link = make_smile_link(database, settings)

    made = try_to_make(database, settings, link, FakeSmileLinks())

    assert (made.smile_ref_id, made.smile_address) == ("ref-1", "https://links.example/002/ref-1")
    assert made.last_error is None
    assert "link.made_at_smile" in session.exec(select(AuditEntry.action).order_by(AuditEntry.sequence)).all()


@pytest.mark.parametrize("trouble", [REFUSED, UNREACHED])
def test_clear_no_is_followed_by_a_plain_second_try(database: Database, settings: Settings, trouble: Exception):
    link, smile = make_smile_link(database, settings), FakeSmileLinks([trouble])

    refused = try_to_make(database, settings, link, smile)
    made = try_to_make(database, settings, link, smile)

    assert refused.smile_asked_at is None
    assert refused.last_error
    assert made.smile_ref_id == "ref-1"
    assert [name for name, _ in smile.asked] == ["create", "create"]


@pytest.mark.parametrize("lost", [LOST, Refused(502), BadSignature("signed by nobody")])
def test_link_whose_answer_was_lost_is_found_and_not_made_again(
    database: Database, settings: Settings, lost: Exception
):
    link, smile = make_smile_link(database, settings), FakeSmileLinks(lost=lost)
    make_or_find(smile, {"name": "another"}, may_exist=False)  # type: ignore[arg-type]

    unknown = try_to_make(database, settings, link, smile)
    found = try_to_make(database, settings, link, smile)

    assert unknown.smile_ref_id is None
    assert unknown.smile_asked_at is not None
    assert (found.smile_ref_id, found.last_error) == ("ref-2", None)
    assert smile.calls("create") == 2  # with the other link's


def test_lost_question_that_made_nothing_is_asked_again(database: Database, settings: Settings):
    link, smile = make_smile_link(database, settings), FakeSmileLinks([LOST])

    try_to_make(database, settings, link, smile)
    made = try_to_make(database, settings, link, smile)

    assert made.smile_ref_id == "ref-1"
    assert [name for name, _ in smile.asked] == ["create", "list", "create"]


@pytest.mark.parametrize("trouble", [REFUSED, UNREACHED, LOST])
def test_nothing_is_made_while_the_list_cannot_be_read(database: Database, settings: Settings, trouble: Exception):
    link, smile = make_smile_link(database, settings), FakeSmileLinks([None, trouble], lost=LOST)

    try_to_make(database, settings, link, smile)
    unknown = try_to_make(database, settings, link, smile)

    assert smile.calls("create") == 1
    assert unknown.smile_asked_at is not None
    assert "list of links could not be read" in str(unknown.last_error)


@pytest.mark.parametrize(
    "answer", [{}, {"ref_id": 7, "link": "https://a.example"}, {"ref_id": "r", "link": "javascript:"}]
)
def test_answer_without_an_address_counts_as_lost(answer: dict[str, Any]):
    class Odd(FakeSmileLinks):
        def create(self, details: dict[str, Any]) -> dict[str, Any]:
            return answer

    outcome = make_or_find(Odd(), {"name": "a"}, may_exist=False)  # type: ignore[arg-type]

    assert isinstance(outcome, SmileLinkFailed)
    assert outcome.may_exist


def test_list_of_another_shape_makes_nothing():
    class Odd(FakeSmileLinks):
        def list(self) -> dict[str, Any]:
            return {"total": 0}

    smile = Odd()

    outcome = make_or_find(smile, {"name": "a"}, may_exist=True)  # type: ignore[arg-type]

    assert isinstance(outcome, SmileLinkFailed)
    assert smile.asked == []


def test_two_people_do_not_ask_at_once(database: Database, settings: Settings):
    link = make_smile_link(database, settings)
    changed(database, link, begin_creation, now=NOW)

    with pytest.raises(Conflict):
        changed(database, link, begin_creation, now=NOW + ASKING_ENDS_AFTER / 2)


def test_process_killed_while_it_asked_leaves_a_link_to_look_for(database: Database, settings: Settings):
    link = make_smile_link(database, settings)
    changed(database, link, begin_creation, now=NOW)

    may_exist = changed(database, link, begin_creation, now=NOW + ASKING_ENDS_AFTER)

    assert may_exist


def test_made_link_is_not_made_again(database: Database, settings: Settings):
    link = make_smile_link(database, settings, row=MADE)

    with pytest.raises(Conflict):
        changed(database, link, begin_creation)


def test_counters_are_kept_and_change_the_stage(database: Database, settings: Settings):
    link = make_smile_link(database, settings, row=MADE)
    before = link.version

    changed(database, link, note_counters, COUNTED, now=NOW)
    counted = reload_link(database, link)

    assert (counted.smile_total_jobs, counted.smile_successful_jobs, counted.smile_failed_jobs) == (3, 2, 1)
    assert counted.version > before
    assert link.stage(NOTHING_YET, NOW) == Stage.CREATED
    assert counted.stage(NOTHING_YET, NOW) == Stage.SUBMITTED
    assert counted.is_counted_lately(NOW)
    assert not counted.is_counted_lately(NOW + COUNTED_LATELY)


def test_same_counters_disturb_no_open_page(database: Database, settings: Settings):
    link = make_smile_link(database, settings, row=MADE)
    changed(database, link, note_counters, COUNTED)
    version = reload_link(database, link).version

    changed(database, link, note_counters, COUNTED)

    assert reload_link(database, link).version == version


@pytest.mark.parametrize("count", [None, "3", True, -1, 2**40, 1.5])
def test_counter_that_is_none_stays_unknown(database: Database, settings: Settings, count: Any):
    link = make_smile_link(database, settings, row=MADE)

    changed(database, link, note_counters, COUNTED | {"total_jobs": count})

    assert reload_link(database, link).smile_total_jobs is None


def test_link_disabled_in_smiles_portal_is_noticed(database: Database, settings: Settings):
    link = make_smile_link(database, settings, row=MADE)

    changed(database, link, note_counters, COUNTED | {"disabled_at": "2026-01-01T00:00:00.000Z"}, now=NOW)

    assert reload_link(database, link).stage(NOTHING_YET, NOW) == Stage.REVOKED


def test_disabling_twice_is_said(database: Database, settings: Settings):
    link = make_smile_link(database, settings, row=MADE)
    changed(database, link, note_disabled)

    with pytest.raises(Conflict):
        changed(database, link, note_disabled)


@pytest.mark.parametrize("verb", [pause_link, resume_link, revoke_link, renew_code])
def test_smile_link_is_never_given_a_code_or_paused_here(database: Database, settings: Settings, verb: Any):
    link = make_smile_link(database, settings, row=MADE)

    with pytest.raises(Conflict):
        changed(database, link, verb)

    assert reload_link(database, link).code_digest == link.code_digest


def test_smile_link_is_not_extended_here(database: Database, settings: Settings):
    link = make_smile_link(database, settings, row=MADE)

    with pytest.raises(Conflict):
        changed(database, link, extend_link, 7)


@pytest.mark.parametrize(
    ("row", "stage"),
    [
        ({}, Stage.CREATED),
        ({"smile_total_jobs": 0}, Stage.CREATED),
        ({"smile_total_jobs": 2}, Stage.SUBMITTED),
        ({"expires_at": NOW - timedelta(days=1)}, Stage.EXPIRED),
        ({"revoked_at": NOW, "smile_total_jobs": 2}, Stage.REVOKED),
    ],
)
def test_list_filters_by_the_same_stage(database: Database, settings: Settings, row: dict[str, Any], stage: Stage):
    link = make_smile_link(database, settings, row=MADE | row)

    with database.reading() as session:
        found = {
            each: bool(page_of(Scope(session, settings.environment, NOW), LinkFilter(stage=each)).rows)
            for each in Stage
        }

    assert link.stage(NOTHING_YET, NOW) == stage
    assert [each for each, is_found in found.items() if is_found] == [stage]
