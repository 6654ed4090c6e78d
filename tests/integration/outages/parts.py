"""The parts of a deployment that a drill can take away, each with what takes it and what gives it back."""

from pathlib import Path

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
