"""What the jobs of this month and the last one cost, for the products that an owner entered a price for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    months = [(first, _next_month(first)), ((first - timedelta(days=1)).replace(day=1), first)]
    products = {
        FACTS[Product(product)].name: [_month(scope, product, price, *month) for month in months]
        for product, price in prices.by_product.items()
    }
    return Spending(prices.currency, products)


def _month(scope: Scope, product: str, price: Decimal, begin: date, end: date) -> MonthOfProduct:
    last = end - timedelta(days=1)
    done = JobFilter(state=JobState.DONE.value, product=product, since=begin.isoformat(), until=last.isoformat())
    question = question_of(scope, done)
    assert question is not None
    key = ("spending", scope.environment, str(scope.zone), product, begin)
    return MonthOfProduct(done, once_per_change(scope.session, key, lambda: COUNTER.count(scope, question)), price)


def _next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def _sum(costs: Sequence[Decimal | None]) -> Decimal | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known, Decimal(0)) if len(known) == len(costs) else None
