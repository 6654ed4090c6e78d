"""The parts of a deployment that a drill can take away, each with what takes it and what gives it back."""

import os
import signal
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from dashboard.db import utc_now
from dashboard.team.email.outbox import MailKind, queue_mail
from tests.factories.mail import SENDER, Post
from tests.integration.callbacks.short_of_space import filled, locked
from tests.integration.conftest import Deployment
from tests.integration.outages.drills import Part, health_says, readyz_says
from tests.integration.outages.own_servers import OwnPostgres, OwnRedis


def redis(server: OwnRedis) -> Part:
    return Part("Redis", server.stop, server.start, health_says("The queue does not answer: Redis."))


def postgresql(server: OwnPostgres) -> Part:
    return Part("PostgreSQL", server.stop, server.start, readyz_says("The database does not answer."))


def queue_file(folder: Path) -> Part:
    """Gone for good: it is made again by whoever needs it."""

    def delete() -> None:
        for path in folder.glob("queue.db*"):
            path.unlink()

    return Part("queue.db", delete, lambda: None)


def media(deployment: Deployment) -> Part:
    """Something else stands in its place: rights do not keep root from writing."""
    folder = deployment.settings().media_dir
    elsewhere = folder.with_name("elsewhere")

    def take_away() -> None:
        folder.parent.mkdir(exist_ok=True)
        if folder.exists():
            folder.rename(elsewhere)
        folder.write_text("no folder")

    def give_back() -> None:
        folder.unlink()
        if elsewhere.exists():
            elsewhere.rename(folder)

    return Part("folder of images", take_away, give_back, readyz_says("Images cannot be stored."))


def clock(deployment: Deployment) -> Part:
    """Smile's clock and this one are ten minutes apart, by the simulator's switch."""

    def set_ahead(seconds: float) -> None:
        deployment.sandbox("POST", "/_sandbox/clock", json={"ahead_seconds": seconds})

    said = health_says("This machine's clock is 10 minutes behind.")
    return Part("clock", lambda: set_ahead(600.0), lambda: set_ahead(0.0), said)


#: Attempts and waits enough for an outage of a minute.
OF_SMILE = {"DASHBOARD_RETRY_WAITS": ",".join(["1"] * 120)}


def smile(deployment: Deployment) -> Part:
    """It takes connections and says nothing. The deployment needs the settings OF_SMILE."""

    def send_signal(number: int) -> None:
        pid = deployment.processes["sandbox"].pid
        assert pid
        os.killpg(pid, number)

    said = health_says("Smile did not answer")
    return Part("Smile", lambda: send_signal(signal.SIGSTOP), lambda: send_signal(signal.SIGCONT), said)


def settings_of_mail(post: Post) -> dict[str, str]:
    return {
        "DASHBOARD_SMTP_URL": post.url,
        "DASHBOARD_SMTP_CA_FILE": str(post.ca_file),
        "DASHBOARD_MAIL_FROM": SENDER,
        "DASHBOARD_MAIL_WAITS": ",".join(["1"] * 120),
    }


def mail(deployment: Deployment, post: Post) -> Part:
    """The deployment needs the settings of `settings_of_mail`. A letter is queued while the server is away."""

    def take_away() -> None:
        post.stop()
        letter = {"to": "ben@example.com", "subject": "A sign-in", "text": "From a browser of before."}
        with deployment.database.transaction() as session:
            queue_mail(session, MailKind.NOTICE, None, letter, utc_now())

    return Part(
        "mail server", take_away, post.start, health_says("waiting for another try. The mail server did not answer.")
    )


def full_disk(disk: Path) -> Part:
    """A small disk of the deployment's own, on which it has everything."""
    return _while_in("disk", lambda: filled(disk), "There is no room left on the database disk.")


def sqlite(deployment: Deployment) -> Part:
    """Somebody else holds the lock of those who write."""
    return _while_in("SQLite", lambda: locked(deployment.database), "The database is busy")


def _while_in(name: str, trouble: Callable[[], AbstractContextManager[None]], sentence: str) -> Part:
    stack = ExitStack()
    return Part(name, lambda: stack.enter_context(trouble()), stack.close, readyz_says(sentence))
