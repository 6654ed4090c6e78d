"""Jobs and links of every kind for reports, and the rows that a number of a report leads to."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from hypothesis import strategies as st
from sqlmodel import func, select

from dashboard.jobs.filters import JobFilter
from dashboard.jobs.models import Job, JobState, Outcome
from dashboard.jobs.products import Product
from dashboard.links.filters import LinkFilter
from dashboard.links.models import Link, LinkKind
from dashboard.web.lists.fields import Scope
from tests.factories.rollups import job_at, link_at

LISTS = {"/jobs": JobFilter, "/links": LinkFilter}
PRODUCTS = st.sampled_from([Product.BIOMETRIC_KYC, Product.ENHANCED_KYC, Product.SMARTSELFIE_REGISTRATION])
AGES = st.one_of(st.integers(0, 3 * 3600), st.integers(0, 70 * 86400))
SPENT = st.one_of(st.none(), st.integers(1, 10**7), st.integers(10**7, 10**11))  # in microseconds
MAKERS = st.sampled_from(["ben@example.com", "ada@example.com", "customer"])
LINK_ID = UUID("019a0000-0000-7000-8000-000000000001")  # of October 2025
STAGES = ("opened_at", "started_at", "submitted_at", "settled_at")


@st.composite
def jobs(draw: st.DrawFn, now: datetime) -> Job:
    made, spent = now - timedelta(seconds=draw(AGES)), draw(SPENT)
    submitted = draw(st.one_of(st.none(), st.just(made)))
    warnings = draw(st.sampled_from(["", "deceased", "deceased suspects", "not_alive suspects"]))
    return job_at(
        made,
        product=draw(PRODUCTS),
        country=draw(st.sampled_from(["NG", "KE", None])),
        id_type=draw(st.sampled_from(["NIN_V2", "PASSPORT", None])),
        state=draw(st.sampled_from(JobState)),
        outcome=draw(st.sampled_from([None, *Outcome])),
        result_code=draw(st.sampled_from([None, "0810", "1012", "no such code"])),
        warning_kinds=warnings,
        warning_count=len(warnings.split()),
        created_by=draw(MAKERS),
        link_id=draw(st.sampled_from([None, LINK_ID])),
        submitted_at=submitted,
        settled_at=None if spent is None else made + timedelta(microseconds=spent),
    )


@st.composite
def links(draw: st.DrawFn, now: datetime) -> Link:
    made = now - timedelta(seconds=draw(AGES))
    reached = draw(st.integers(0, len(STAGES)))
    return link_at(
        made,
        product=draw(st.one_of(st.none(), PRODUCTS)),
        kind=draw(st.sampled_from(LinkKind)),
        country=draw(st.sampled_from(["NG", None])),
        created_by=draw(MAKERS),
        **dict.fromkeys(STAGES[:reached], made),
    )


def filters_of(address: str) -> Any:
    """The list that a number leads to."""
    parts = urlsplit(address)
    return LISTS[parts.path].from_args(dict(parse_qsl(parts.query)))


def rows_behind(scope: Scope, address: str) -> int:
    filters = filters_of(address)
    assert not filters.unknown
    return scope.session.exec(select(func.count(filters.table.id)).where(*filters.conditions(scope).values())).one()
