"""The wallet at Smile: its last known balance, and the level below which this dashboard warns."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlmodel import Session

from dashboard.errors import Invalid
from dashboard.smile import PartnerAccount, SmileError
from dashboard.stored_settings import read_setting, write_setting

WALLET = "wallet"
WARNING_LEVEL = "wallet_warning_level"
HIGHEST = Decimal(10) ** 12
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?")
_PLAIN = re.compile(r"\d{1,12}(?:[.,]\d{1,2})?")
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True)
class Balance:
    """A balance of the wallet.

    `currency` is empty where Smile does not name it: it is then the account's currency. `as_of` is the time that Smile
    names, or the time of the request.
    """

    amount: Decimal
    currency: str
    as_of: datetime


@dataclass(frozen=True)
class Wallet:
    """What is known about the wallet at Smile."""

    balance: Balance | None = None  # the last one that Smile gave; None where it never did
    asked_at: datetime | None = None
    told_at: datetime | None = None  # when Smile last gave a balance
    level: Decimal | None = None

    @property
    def is_below(self) -> bool:
        return self.balance is not None and self.level is not None and self.balance.amount < self.level

    @property
    def is_silent(self) -> bool:
        """Whether Smile did not give a balance when it was last asked."""
        return self.asked_at is not None and self.asked_at != self.told_at


def ask_balance(account: PartnerAccount, now: datetime) -> Balance | None:
    """Asks Smile for the balance; None where it gives none. Call it outside transactions."""
    try:
        return read_balance(account.wallet_balance(), now)
    except SmileError:
        return None


def read_balance(answer: Mapping[str, Any], now: datetime) -> Balance | None:
    """Reads the balance, a number or its text; None for anything else."""
    given = answer.get("wallet_balance")
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        return None
    try:
        amount = Decimal(str(given).strip().replace(",", ""))
    except InvalidOperation:
        return None
    if not amount.is_finite() or abs(amount) >= HIGHEST:
        return None
    currency = answer.get("currency")
    is_currency = isinstance(currency, str) and _CURRENCY.fullmatch(currency) is not None
    return Balance(amount.quantize(Decimal("0.01")), str(currency) if is_currency else "", _moment(answer, now))


def save_balance(session: Session, environment: str, balance: Balance | None, now: datetime) -> None:
    """Stores the balance; without one, the last known balance stays."""
    known = _stored(session, environment)
    known["asked_at"] = now.isoformat()
    if balance is not None:
        known["told_at"] = now.isoformat()
        known["amount"], known["currency"] = str(balance.amount), balance.currency
        known["as_of"] = balance.as_of.isoformat()
    write_setting(session, WALLET, {environment: known}, now)


def read_wallet(session: Session, environment: str) -> Wallet:
    known = _stored(session, environment)
    level = read_setting(session, WARNING_LEVEL)
    balance = None
    if known.get("told_at"):
        balance = Balance(Decimal(known["amount"]), known["currency"], datetime.fromisoformat(known["as_of"]))
    asked_at, told_at = (
        datetime.fromisoformat(known[name]) if known.get(name) else None for name in ("asked_at", "told_at")
    )
    return Wallet(balance, asked_at, told_at, Decimal(level) if level else None)


def parse_level(typed: str) -> Decimal | None:
    """The typed level in the wallet's currency; None for an empty field, which means no warning. Raises Invalid."""
    text = "".join(typed.split())
    if not text:
        return None
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    if not (text.isascii() and _PLAIN.fullmatch(text)):
        raise Invalid({"wallet_level": "Enter a number such as 100 or 99.50, or nothing for no warning."})
    return Decimal(text.replace(",", ".")).quantize(Decimal("0.01"))


def write_level(session: Session, level: Decimal | None, now: datetime) -> None:
    write_setting(session, WARNING_LEVEL, None if level is None else str(level), now)


def _stored(session: Session, environment: str) -> dict[str, Any]:
    """The stored wallet of one environment: the sandbox and production have separate ones."""
    return dict((read_setting(session, WALLET) or {}).get(environment) or {})


def _moment(answer: Mapping[str, Any], now: datetime) -> datetime:
    try:
        moment = datetime.fromisoformat(str(answer.get("current_as_of")))
    except ValueError:
        return now
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    # Smile's clock may run ahead, and a balance must not be from the future.
    return min(moment, now)
