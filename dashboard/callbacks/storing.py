"""Making an arrival durable: in groups on SQLite, which has one writer; alone on PostgreSQL, which groups by itself."""

from collections.abc import Sequence

from flask import current_app
from flask.sansio.app import App
from sqlalchemy.exc import IntegrityError

from dashboard.callbacks.group_commit import GroupCommit
from dashboard.callbacks.receiving import Arrival, Receipt, store_callbacks
from dashboard.db import Database, transaction
from dashboard.worker.queue import wake

TRIES = 3


class CallbackStore:
    def __init__(self, database: Database, environment: str) -> None:
        self._environment = environment
        self._group: GroupCommit[Arrival, Receipt | None] | None = None
        if database.is_sqlite:
            self._group = GroupCommit(
                database,
                lambda session, arrivals: store_callbacks(session, environment, arrivals),
                _wake_handler,
            )

    def store(self, arrival: Arrival) -> Receipt | None:
        """What `store_callbacks` says of it, once it is committed."""
        return self._group.run(arrival) if self._group else self._store_alone(arrival)

    def _store_alone(self, arrival: Arrival) -> Receipt | None:
        for left in reversed(range(TRIES)):
            try:
                with transaction() as session:
                    receipts = store_callbacks(session, self._environment, [arrival])
                break
            except IntegrityError:
                # The same signature was stored by another transaction between our look and our insert: look again.
                if not left:
                    raise
        _wake_handler(receipts)
        return receipts[0]


def set_up_store(app: App) -> None:
    app.extensions["callback_store"] = CallbackStore(app.extensions["database"], app.config["SETTINGS"].environment)


def store(arrival: Arrival) -> Receipt | None:
    callback_store = current_app.extensions["callback_store"]
    assert isinstance(callback_store, CallbackStore)
    return callback_store.store(arrival)


def _wake_handler(receipts: Sequence[Receipt | None]) -> None:
    waiting = [receipt.callback_id for receipt in receipts if receipt and receipt.needs_handling]
    if waiting:
        wake("callbacks.handle", *waiting)
