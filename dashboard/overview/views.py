"""The overview page, its live part, and its JSON. Everything on it comes from sums, capped counts and a few rows."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from hashlib import blake2b
from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlmodel import Session

from dashboard.context import reading
from dashboard.db import once_per_change
from dashboard.health.running import CheckResult, check_for_overview
from dashboard.health.wording import WORDS
from dashboard.jobs.filters import JobFilter
from dashboard.links.filters import LinkFilter
from dashboard.links.models import Stage
from dashboard.overview.activity import Activity, activity_of
from dashboard.overview.attention import Need, what_needs_somebody
from dashboard.overview.authorities import AuthorityState, authorities_used
from dashboard.overview.charts import days_chart, hours_chart
from dashboard.overview.spending import Spending, spending_of
from dashboard.reports.wording import value_in_words
from dashboard.settings.prices import read_prices
from dashboard.settings.wallet import Wallet, read_wallet
from dashboard.web.access import permission_required
from dashboard.web.list_views import scope_here
from dashboard.web.lists.fields import Scope
from dashboard.web.lists.filters import ListFilter
from dashboard.web.lists.pagination import COUNT_CAP
from dashboard.web.lists.reading import counts_of
from dashboard.web.live_parts import live_parts
from dashboard.web.pages.answers import NOTHING_NEW, json_time, render_page_or_partial, seen_version, wants_partial
from dashboard.web.pages.locales import formats_here

MOST_OWN = 5
STAGES = (Stage.OPENED, Stage.STARTED)

blueprint = Blueprint("overview", __name__)


@dataclass(frozen=True)
class Overview:
    needs: list[Need]
    links: list[tuple[LinkFilter, int]]
    activity: Activity | None
    checks: list[CheckResult]
    authorities: list[AuthorityState]
    wallet: Wallet | None  # for owners, as is what is spent
    spending: Spending | None
    own: list[Any]
    own_links: list[Any]

    def version(self, *beside: Any) -> int:
        """Differs whenever the page would look different, other than by time alone."""
        checks = [(each.name, each.finding.state) for each in self.checks]
        own = [(row.id, row.version) for row in (*self.own, *self.own_links)]
        shown = (self.needs, self.links, self.activity, checks, self.authorities, self.wallet, self.spending, own)
        return int.from_bytes(blake2b(repr((shown, beside)).encode(), digest_size=6).digest())


@blueprint.get("/")
@permission_required("overview.read")
def show() -> ResponseReturnValue:
    with reading(shares=True) as session:
        scope = scope_here(session)
        overview = _read(session, scope)
        version = overview.version(live_parts(scope))
    if wants_partial() and seen_version() == version:
        return NOTHING_NEW
    charts = [days_chart(overview.activity), hours_chart(overview.activity)] if overview.activity else []
    return render_page_or_partial(
        "overview/show.html",
        "overview/_live.html",
        overview=overview,
        version=version,
        charts=charts,
        own_jobs=JobFilter(maker=current_user.email),
        own_links=LinkFilter(maker=current_user.email),
        in_words=partial(value_in_words, formats=formats_here()),
        state_words=WORDS,
        most=COUNT_CAP,
    )


@blueprint.get("/overview.json")
@permission_required("overview.read")
def show_json() -> ResponseReturnValue:
    with reading(shares=True) as session:
        overview = _read(session, scope_here(session))
    return {
        "needs": [
            {
                "what": each.words[each.count != 1],
                "count": each.shown,
                "count_is_exact": each.is_exact,
                "oldest": json_time(each.oldest),
                "list": each.filters.purpose,
                "filters": each.filters.asked,
            }
            for each in overview.needs
        ],
        "days": [
            {"day": day.day.isoformat(), "jobs": day.total, **day.by_group}
            for day in (overview.activity.days if overview.activity else ())
        ],
        "authorities": [
            {
                "country": each.country,
                "id_type": each.id_type,
                "jobs": each.of_day,
                "errors": each.errors,
                "usual_errors": each.usual,
                "half_took_seconds": _seconds(each.half),
                "usual_half_seconds": _seconds(each.usual_half),
                "slower_since": json_time(each.slower.began) if each.slower else None,
            }
            for each in overview.authorities
        ],
        "states": [{"name": each.name, "state": each.finding.state} for each in overview.checks],
    }


def _read(session: Session, scope: Scope) -> Overview:
    is_owner = current_user.may("settings.manage")
    lists = [LinkFilter(stage=stage.value) for stage in STAGES]
    counts = once_per_change(session, ("links under way", scope.environment), lambda: counts_of(scope, lists))
    return Overview(
        needs=what_needs_somebody(scope),
        links=list(zip(lists, counts, strict=True)),
        activity=activity_of(scope),
        checks=check_for_overview(session),
        authorities=authorities_used(scope),
        wallet=read_wallet(session, scope.environment) if is_owner else None,
        spending=spending_of(scope, read_prices(session)) if is_owner else None,
        own=_newest(scope, JobFilter(maker=current_user.email)),
        own_links=_newest(scope, LinkFilter(maker=current_user.email)),
    )


def _newest(scope: Scope, filters: ListFilter[Any]) -> list[Any]:
    return list(scope.session.exec(filters.in_order(scope, filters.conditions(scope), (), MOST_OWN)).all())


def _seconds(span: timedelta | None) -> float | None:
    return span.total_seconds() if span else None
