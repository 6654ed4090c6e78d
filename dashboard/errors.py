"""The errors a user can meet, each with its status. Slices raise these; web/errors.py makes answers of them."""

from pathlib import Path
from typing import ClassVar

PACKAGE_DIR = Path(__file__).parent


def place_of(error: BaseException) -> str:
    """Where in our own code an error rose: for logs, which hold no error texts, since those may quote a person."""
    place, step = "", error.__traceback__
    while step:
        file = Path(step.tb_frame.f_code.co_filename)
        if file.is_relative_to(PACKAGE_DIR):
            place = f"{file.relative_to(PACKAGE_DIR)}:{step.tb_lineno}"
        step = step.tb_next
    return place


class DashboardError(Exception):
    """Something a person did that cannot be done; the text tells them what and what to do now."""

    status: ClassVar[int] = 400

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFound(DashboardError):
    """It does not exist, or not for this person: the two are never told apart."""

    status = 404

    def __init__(self, message: str = "There is nothing at this address.") -> None:
        super().__init__(message)


class NotAllowed(DashboardError):
    """The person's role does not include this."""

    status = 403


class Conflict(DashboardError):
    """It was possible a moment ago, but something else came first. `leads_to`: the page that shows what."""

    status = 409

    def __init__(self, message: str, leads_to: str = "") -> None:
        super().__init__(message)
        self.leads_to = leads_to


class Unavailable(DashboardError):
    """A part that this needs does not work at the moment; the text says which."""

    status = 503


class Invalid(DashboardError):
    """What was typed does not fit: one message per field."""

    status = 422

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__("Please check the fields that are marked.")
        self.fields = fields
