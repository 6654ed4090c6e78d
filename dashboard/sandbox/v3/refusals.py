"""Request errors of v3: an HTTP status and a text in JSON. A refused request creates no job."""

from http import HTTPStatus

from flask import Blueprint, Response, jsonify
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from dashboard.sandbox.fields import Json
from dashboard.sandbox.world.v3_switch import REFUSALS

WRONG_TYPE = "Unsupported Media Type. Required Content-Type is multipart/form-data"
TOO_LARGE = "The request payload exceeds the maximum allowed size of 4.5MB."
GATEWAY_TOO_LARGE = "Request payload too large. Maximum allowed size is 10 MB."
UNAUTHORIZED = "Invalid authentication credentials."
NOT_ALLOWED = "You are not authorized to do that."


class Refused(Exception):
    """A request that v3 turns down.

    status: the HTTP status. text: the value of `message`. from_gateway: answered before the API, in another shape.
    headers: of the answer.

    https://github.com/smileidentity/api-reference
    """

    def __init__(
        self, status: int, text: str, *, from_gateway: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.from_gateway = from_gateway
        self.headers = headers or {}


class ListRefused(Exception):
    """A request for an open list that v3 turns down, in yet another shape. status: the HTTP status."""

    def __init__(self, status: int, text: str, code: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.code = code


def missing(field: str) -> Refused:
    """The error for a field that is missing or wrong."""
    return Refused(400, f"Required field '{field}' is missing or invalid.")


def invalid(field: str) -> Refused:
    """The error for an optional field that is wrong."""
    return Refused(400, f"Field '{field}' is invalid.")


def refused_by_account(name: str) -> Refused:
    """The error that a key of REFUSALS names."""
    return Refused(*REFUSALS[name])


def answer_refusals(blueprint: Blueprint) -> None:
    """Make the views of a blueprint answer refusals and HTTP errors with the JSON of v3."""

    @blueprint.errorhandler(Refused)
    def refused(error: Refused) -> Response:
        phrase = HTTPStatus(error.status).phrase
        body: Json = {"status": phrase, "message": error.text}
        if error.from_gateway:
            body = {"job_id": None, "message": error.text, "status": error.from_gateway, "user_id": None}
        return _answer(body, error.status, error.headers)

    @blueprint.errorhandler(ListRefused)
    def list_refused(error: ListRefused) -> Response:
        return _answer({"error": error.text, "code": error.code}, error.status, {})

    @blueprint.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        text = TOO_LARGE if isinstance(error, RequestEntityTooLarge) else error.name
        return _answer({"status": error.name, "message": text}, error.code or 500, {})


def _answer(body: Json, status: int, headers: dict[str, str]) -> Response:
    response = jsonify(body)
    response.status_code = status
    response.headers.update(headers)
    return response
