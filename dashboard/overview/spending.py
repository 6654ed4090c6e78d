"""What the jobs of this month and the last one cost, for the products that an owner entered a price for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from dashboard.db import once_per_change
from dashboard.jobs.counted import COUNTER
from dashboard.jobs.filters import JobFilter
from dashboard.jobs.models import JobState
from dashboard.jobs.products import FACTS, Product
from dashboard.settings.prices import Prices
from dashboard.web.lists.counting import question_of
from dashboard.web.lists.fields import Scope


@dataclass(frozen=True)
class MonthOfProduct:
    """The jobs of one product that have a result, made in one month."""

    filters: JobFilter
    count: int | None  # None while jobs are not counted
    price: Decimal

    @property
    def cost(self) -> Decimal | None:
        return None if self.count is None else self.price * self.count


@dataclass(frozen=True)
class Spending:
    """By product its months, this one first."""

    currency: str
    products: Mapping[str, list[MonthOfProduct]]

    @property
    def totals(self) -> list[Decimal | None]:
        """Of all products, by month; None where one is not known."""
        return [_sum([each.cost for each in month]) for month in zip(*self.products.values(), strict=True)]


def spending_of(scope: Scope, prices: Prices) -> Spending | None:
    """None if no price is entered."""
    if not prices.by_product:
        return None
    first = scope.now.astimezone(scope.zone).date().replace(day=1)
    months = [_done_in(scope, first), _done_in(scope, (first - timedelta(days=1)).replace(day=1))]
    products = {
        FACTS[Product(product)].name: [
            MonthOfProduct(replace(done, product=product), None if counts is None else counts.get(product, 0), price)
            for done, counts in months
        ]
        for product, price in prices.by_product.items()
    }
    return Spending(prices.currency, products)


def _done_in(scope: Scope, begin: date) -> tuple[JobFilter, Mapping[str, int] | None]:
    """The jobs with a result that were made in the month, and how many by product; None while they are not counted."""
    last = (begin + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    done = JobFilter(state=JobState.DONE.value, since=begin.isoformat(), until=last.isoformat())
    key = ("spending", scope.environment, str(scope.zone), begin)
    return done, once_per_change(scope.session, key, lambda: _by_product(scope, done))


def _by_product(scope: Scope, done: JobFilter) -> Mapping[str, int] | None:
    question = question_of(scope, done)
    found = None if question is None else COUNTER.count_by(scope, question, ("product",))
    return None if found is None else {product: count for (product,), count in found.items()}


def _sum(costs: Sequence[Decimal | None]) -> Decimal | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known, Decimal(0)) if len(known) == len(costs) else None
