"""Request errors of the API: a code and a text in JSON. A refused request creates no job."""

from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException

from dashboard.smile.constants import result_codes

INVALID_JSON = "2203"
WRONG_TYPE = "2204"
UNAUTHORIZED = "2205"
USER_DISABLED = "2207"
USER_DELETED = "2208"
USER_EXISTS = "2209"
USER_UNKNOWN = "2210"
USER_MUST_REENROL = "2211"
INVALID_JOB_TYPE = "2212"
MISSING = "2213"
MISSING_BUSINESS = "2413"
JOB_EXISTS = "2215"
INVALID_PRODUCT = "2217"
JOB_UNKNOWN = "2304"


class Refused(Exception):
    """A request that the API turns down.

    code: Smile's code of the request error. text: the value of `error`, by default the published text of the code.
    status: the HTTP status. business: add the `success: false` of the business endpoints.

    https://docs.usesmileid.com/further-reading/result-codes/error-codes
    """

    def __init__(self, code: str, text: str = "", status: int = 400, business: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.text = text or published_text(code)
        self.status = status
        self.business = business


def published_text(code: str) -> str:
    """The first published text of a code, or "Error"."""
    return next((row.text for row in result_codes() if row.code == code and row.text), "Error")


def answer_refusals(app: Flask) -> None:
    """Make the app answer refusals and HTTP errors with the API's JSON."""

    @app.errorhandler(Refused)
    def refused(error: Refused) -> tuple[Response, int]:
        body: dict[str, object] = {"error": error.text, "code": error.code}
        if error.business:
            body["success"] = False
        return jsonify(body), error.status

    @app.errorhandler(HTTPException)
    def not_served(error: HTTPException) -> tuple[Response, int]:
        return jsonify({"error": error.name}), error.code or 500
