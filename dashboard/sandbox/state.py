"""The parts of one running simulator, kept on its Flask app."""

from flask import Flask, current_app

from dashboard.sandbox.delivery.callbacks import Callbacks
from dashboard.sandbox.delivery.scheduler import Scheduler
from dashboard.sandbox.faults import Faults
from dashboard.sandbox.keys import load_or_make_key
from dashboard.sandbox.request_log import RequestLog
from dashboard.sandbox.settings import SandboxSettings
from dashboard.sandbox.signatures import Signer
from dashboard.sandbox.world.store import Store
from dashboard.sandbox.world.v3_switch import V3Switch
from dashboard.sandbox.world.warnings import WarningSwitch

_NAME = "sandbox"


class Sandbox:
    """One simulator: settings, store, signing, and scheduled work.

    clock_ahead_seconds: how far its clock is ahead of the machine's.
    wallet_balance: what the wallet held before any job, in its currency.
    """

    def __init__(self, settings: SandboxSettings) -> None:
        self.settings = settings
        key_file = settings.legacy_key_file or settings.instance_dir / "sandbox-legacy-key.pem"
        self.signer = Signer(settings.partner_id, settings.api_key, lambda: load_or_make_key(key_file))
        self.store = Store(settings.store_path, settings.kept_image_jobs)
        self.scheduler = Scheduler()
        # Separate from the jobs, since a slow receiver may occupy every thread until its timeout.
        self.deliveries = Scheduler()
        self.callbacks = Callbacks(settings, self.store, self.signer, self.deliveries)
        self.faults = Faults()
        self.warnings = WarningSwitch()
        #: POST /_sandbox/v3 changes it.
        self.v3 = V3Switch()
        #: The moments of lookups in v3, by ID number.
        self.lookups: dict[str, list[float]] = {}
        self.requests = RequestLog()
        #: POST /_sandbox/wallet changes it.
        self.wallet_balance = settings.wallet_balance
        #: POST /_sandbox/clock changes it.
        self.clock_ahead_seconds = 0.0

    def start(self) -> None:
        """Start the scheduled work: jobs get results, callbacks are sent."""
        self.scheduler.start()
        self.deliveries.start()

    def stop(self) -> None:
        """Stop the scheduled work and close the store."""
        self.scheduler.stop()
        self.deliveries.stop()
        self.store.close()

    def install(self, app: Flask) -> None:
        """Keep this simulator on a Flask app."""
        app.extensions[_NAME] = self


def current() -> Sandbox:
    """The simulator of the current request."""
    sandbox: Sandbox = current_app.extensions[_NAME]
    return sandbox


def of(app: Flask) -> Sandbox:
    """The simulator of an app that `create_sandbox` made."""
    sandbox: Sandbox = app.extensions[_NAME]
    return sandbox
