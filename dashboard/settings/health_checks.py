"""The health check of the wallet at Smile."""

from datetime import timedelta

from dashboard.health_checks import CheckContext, Finding, ok, unknown, warn
from dashboard.settings.wallet import read_wallet
from dashboard.web.pages.filters import duration_in_words

JUST_NOW = timedelta(minutes=1)


def wallet(context: CheckContext) -> Finding:
    known = read_wallet(context.session, context.settings.environment)
    balance = known.balance
    if balance is None:
        return unknown("The balance of the wallet at Smile is not known. The worker asks every hour.")
    amount = f"{balance.amount:,.2f} {balance.currency}".strip()
    age = context.now - balance.as_of
    when = "just now" if age < JUST_NOW else f"{duration_in_words(age)} ago"
    sentence = f"The wallet at Smile held {amount} {when}"
    if known.is_below:
        advice = "Top up in Smile's portal before jobs are refused, or change the level in the settings."
        return warn(f"{sentence}, below your level of {known.level:,.2f}.", advice)
    return ok(f"{sentence}." if known.level is None else f"{sentence}; your level is {known.level:,.2f}.")
