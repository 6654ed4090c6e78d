"""The errors that the client raises.

SmileError
  InvalidRequest   the caller's input is wrong and nothing was sent; names each field (also a ValueError)
  TransportFailed  no usable answer arrived; says whether the request may have reached Smile
  Refused          Smile answered with an error: status, code, body without secrets
  BadSignature     an answer carries a signature that none of the partner's keys made
  JobStillRunning  the job has no result yet after the last allowed request

`str(error)` may be shown to people: it holds no credentials, signatures or personal data.
"""

from collections.abc import Mapping
from typing import Any


class SmileError(Exception):
    """The base class of the client's errors.

    may_retry: the same request may succeed later.
    maybe_sent: Smile may have acted on the request, so look a submission up before you repeat it.
    smile_job_id: set when Smile had registered the job before the error; ask for its status, do not submit it again.
    """

    may_retry = False
    maybe_sent = False
    smile_job_id: str | None = None


class InvalidRequest(SmileError, ValueError):
    """The caller's input breaks a rule; nothing was sent.

    fields: the name of each wrong field ("job_id", "images[0]", "id_number", ...) -> what is wrong with it.
    """

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(fields)
        self.fields = dict(fields)

    def __str__(self) -> str:
        return "; ".join(f"{name}: {message}" for name, message in self.fields.items())


class TransportFailed(SmileError):
    """No answer arrived, or it cannot be understood: connection, timeout, TLS, truncated or foreign content."""

    may_retry = True

    def __init__(self, message: str, *, maybe_sent: bool = True) -> None:
        super().__init__(message)
        self.maybe_sent = maybe_sent


class Refused(SmileError):
    """Smile, or the object store that takes the zip, answered with an error.

    status: the HTTP status. code: Smile's code as text ("2205"), the store's ("AccessDenied"), the name of the case in
    v3 (`v3.refusals.CODES`), which has no codes, or None. reason: the server's wording. body: the answer as JSON, or a
    short text where it was no JSON. Secrets are removed from both. retry_after: seconds to wait before the next
    request, where the answer says so.

    https://docs.usesmileid.com/further-reading/result-codes/error-codes
    """

    def __init__(
        self,
        status: int,
        code: str | None = None,
        reason: str = "",
        body: Any = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(status, code, reason, body, retry_after)
        self.status = status
        self.code = code
        self.reason = reason
        self.body = body
        self.retry_after = retry_after
        self.may_retry = status in (408, 424, 429) or status >= 500
        # After these the server may have done all, part or none of the work.
        self.maybe_sent = status in (408, 424) or status >= 500

    def __str__(self) -> str:
        return _explain(self.status, self.code, self.reason)


class BadSignature(SmileError):
    """An answer carries a signature that none of the partner's keys made; do not trust its content."""

    maybe_sent = True


class JobStillRunning(SmileError):
    """The job was accepted, but has no result after the last allowed request; ask again later.

    status: the last answer of job_status.
    """

    may_retry = True
    maybe_sent = True

    def __init__(self, message: str, status: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.status = status


_ADVICE = {
    "2204": "a value has the wrong type or the credentials do not belong together",
    "2205": "the partner id and API key were not accepted; check that both belong to the chosen environment",
    "2405": "the partner id and API key were not accepted; check that both belong to the chosen environment",
    "2207": "this customer is disabled at Smile",
    "2208": "this customer was deleted at Smile",
    "2209": "this person is already enrolled under another user id",
    "2210": "no customer is enrolled under this user id",
    "2211": "this customer has to enrol again",
    "2215": "a job with this job id exists already",
    "2216": "Smile holds no photo of this customer to compare with",
    "2217": "Smile does not know this product",
    "token_refused": "the partner id and API key, or the token, were not accepted; check the environment",
    "wallet_empty": "the wallet is empty; add funds in the portal",
    "product_not_enabled": "this product is not enabled for the partner; ask Smile to enable it",
    "id_type_not_enabled": "this ID type is not enabled for the partner; ask Smile to enable it",
    "production_not_enabled": "the account may not use production yet; complete its checks in the portal",
    "callback_not_allowed": "the callback address is not on an allowed domain; add the domain in the portal",
    "no_callback": "there is no callback address, neither in the request nor in the portal",
    "not_enrolled": "no customer is enrolled under this user id",
    "authority_silent": "the ID authority did not answer in time; ask for the job's status, do not submit it again",
    "authority_down": "the ID authority is down; ask for the job's status, do not submit it again",
    "too_large": "the request is larger than Smile accepts",
    "number_blocked": "Smile has blocked this ID number after too many requests",
}


def _explain(status: int, code: str | None, reason: str) -> str:
    where = f"HTTP {status}, code {code}" if code else f"HTTP {status}"
    if status == 429 and code not in _ADVICE:
        said = "too many requests; try again later"
    elif code in _ADVICE:
        said = _ADVICE[code]
    elif status >= 500:
        said = "the server has a problem; try again later"
    elif reason:
        said = reason
    elif 300 <= status < 400:
        said = "the answer is a redirect, which is not followed; check the server address"
    else:
        said = "no reason was given"
    return f"Smile refused the request ({where}): {said}"
