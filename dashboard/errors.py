"""Errors that users can meet, each with its HTTP status. web/pages/errors.py turns them into responses."""

from pathlib import Path
from typing import ClassVar

PACKAGE_DIR = Path(__file__).parent


def place_of(error: BaseException) -> str:
    """The line of our own code that raised the error, for logs. Error texts are not logged: they may quote a person."""
    place, step = "", error.__traceback__
    while step:
        file = Path(step.tb_frame.f_code.co_filename)
        if file.is_relative_to(PACKAGE_DIR):
            place = f"{file.relative_to(PACKAGE_DIR)}:{step.tb_lineno}"
        step = step.tb_next
    return place


class DashboardError(Exception):
    """A request that cannot be carried out. The message says why, and what to do now."""

    status: ClassVar[int] = 400

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFound(DashboardError):
    """It does not exist, or this person may not see it; the two look the same."""

    status = 404

    def __init__(self, message: str = "There is nothing at this address.") -> None:
        super().__init__(message)


class NotAllowed(DashboardError):
    """The person's role does not allow this."""

    status = 403


class Conflict(DashboardError):
    """Something else came first. `leads_to` is the page that shows what."""

    status = 409

    def __init__(self, message: str, leads_to: str = "") -> None:
        super().__init__(message)
        self.leads_to = leads_to


class Unavailable(DashboardError):
    """A part that this needs is down at the moment; the message says which."""

    status = 503


class Invalid(DashboardError):
    """The input is not valid. One message for each field."""

    status = 422

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__("Please check the marked fields.")
        self.fields = fields
