"""What the worker may run for settings: thin calls into the verbs."""

from datetime import datetime, timedelta

from dashboard.context import current, transaction
from dashboard.jobs.smile_api.clients import smile_clients
from dashboard.settings.wallet import ask_balance, save_balance
from dashboard.worker.periodic import Periodic


def ask_wallet(now: datetime) -> None:
    """No transaction is held while Smile is asked."""
    balance = ask_balance(smile_clients().account, now)
    with transaction() as session:
        save_balance(session, current().settings.environment, balance, now)


#: As `jobs.ask_smile`: after a start of the machine the network may not be up yet.
PERIODIC = (Periodic("settings.ask_wallet", timedelta(hours=1), ask_wallet, after_start=timedelta(minutes=1)),)
