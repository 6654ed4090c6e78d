"""What one job of each product costs, as an owner entered it. Smile's API does not tell."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sqlmodel import Session

from dashboard.errors import Invalid
from dashboard.jobs.products import FACTS
from dashboard.stored_settings import read_setting, write_setting
from dashboard.web.pages.form_state import FormState

PRICES = "prices"
CURRENCY = "currency"
_PRICE = re.compile(r"\d{1,6}(?:[.,]\d{1,4})?")
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True)
class Prices:
    by_product: Mapping[str, Decimal] = field(default_factory=dict)
    currency: str = ""


def read_prices(session: Session) -> Prices:
    stored = read_setting(session, PRICES) or {}
    known = {product: Decimal(price) for product, price in stored.get("by_product", {}).items() if product in FACTS}
    return Prices(known, stored.get("currency", ""))


def write_prices(session: Session, prices: Prices, now: datetime) -> None:
    by_product = {product: str(price) for product, price in prices.by_product.items()}
    write_setting(session, PRICES, {"by_product": by_product, "currency": prices.currency}, now)


def prices_form(prices: Prices) -> FormState:
    values = {field_of(product): str(price) for product, price in prices.by_product.items()}
    return FormState(values | {CURRENCY: prices.currency})


def parse_prices(typed: Mapping[str, str]) -> Prices:
    """The prices that were typed; an empty field has none. Raises Invalid."""
    errors, by_product = {}, {}
    for product in FACTS:
        text = "".join(typed.get(field_of(product), "").split())
        if text and not (text.isascii() and _PRICE.fullmatch(text)):
            errors[field_of(product)] = "Enter a number such as 0.25, or nothing."
        elif text:
            by_product[product.value] = Decimal(text.replace(",", "."))
    currency = typed.get(CURRENCY, "").strip().upper()
    if currency and not _CURRENCY.fullmatch(currency):
        errors[CURRENCY] = "Enter three letters such as USD, or nothing."
    if errors:
        raise Invalid(errors)
    return Prices(by_product, currency)


def field_of(product: str) -> str:
    return f"price_{product}"
