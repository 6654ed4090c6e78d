"""The worker's tasks for settings: thin calls into the verbs."""

from datetime import datetime, timedelta

from dashboard.context import current, transaction
from dashboard.jobs.smile_api.clients import smile_clients
from dashboard.settings.wallet import ask_balance, save_balance
from dashboard.worker.periodic import Periodic


def ask_wallet(now: datetime) -> None:
    """Asks Smile for the balance, outside any transaction, and stores it."""
    balance = ask_balance(smile_clients().account, now)
    with transaction() as session:
        save_balance(session, current().settings.environment, balance, now)


#: Like `jobs.ask_smile`, it waits after the start: the network may not be up yet.
PERIODIC = (Periodic("settings.ask_wallet", timedelta(hours=1), ask_wallet, after_start=timedelta(minutes=1)),)
