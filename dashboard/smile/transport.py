"""All network access of the client: pooled connections, timeouts, and one kind of error for each failure."""

import json
import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import requests
import urllib3

from dashboard.smile import validation
from dashboard.smile.errors import InvalidRequest, Refused, TransportFailed
from dashboard.smile.failures import UNSAFE_UPLOAD, failure_of
from dashboard.smile.guard import Guard, GuardedAdapter
from dashboard.smile.refusals import refusal
from dashboard.smile.servers import server_for

MAX_ANSWER_BYTES = 20 * 1024 * 1024
READ_TRIES = 3
RETRY_WAIT_SECONDS = 0.25
LONGEST_READ_SECONDS = 5.0
NOT_UNDERSTOOD = "Smile's answer could not be understood: it is not a JSON object."

Fields = dict[str, Any]
Result = TypeVar("Result")


class Transport:
    """Connections to one server. Clients and threads may share one.

    base_url: as `sid_server` of the clients: 0, 1, or a base URL with its `/v1`.
    timeout: seconds to connect, and seconds to wait for each piece of an answer and for the whole answer.
    session: a requests session with your own adapters or proxies. Environment settings and cookies are switched off
        here; its `verify` setting is ignored.
    on_signed: called with the signature or sec_key of a request just before it is sent.
    on_answer: called with the headers of each answer, except those with a status of 500 or more, which may come from a
        proxy.
    ca_file: PEM certificates to trust instead of the default ones. Verification cannot be switched off.

    Raises InvalidRequest for malformed arguments.
    """

    def __init__(
        self,
        base_url: int | str,
        *,
        timeout: tuple[float, float] = (10.0, 30.0),
        session: requests.Session | None = None,
        on_signed: Callable[[str], None] | None = None,
        on_answer: Callable[[Mapping[str, str]], None] | None = None,
        ca_file: str | None = None,
    ) -> None:
        self.server = server_for(base_url)
        _check_transport(timeout, session, on_signed, on_answer, ca_file)
        self._timeout = timeout
        self._on_signed = on_signed
        self._on_answer = on_answer
        self._verify: bool | str = ca_file or True
        self._guard = Guard(self.server.v1, self.server.v2, self.server.portal)
        self._session = session or _pooled_session(self._guard)
        # Environment settings could add a proxy, or passwords from a .netrc file.
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def close(self) -> None:
        """Close the pooled connections."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def announce(self, signature: str) -> None:
        """Call `on_signed` with a signature that is about to be sent."""
        if self._on_signed:
            self._on_signed(signature)

    def read(self, method: str, url: str, make_fields: Callable[[], Fields] | None = None) -> Fields:
        """Send a request that changes nothing, up to three times; see `repeated`.

        The arguments and the result are those of `send`.
        Raises InvalidRequest, TransportFailed, Refused.
        """
        return self.repeated(lambda: self.send(method, url, make_fields))

    def repeated(self, request: Callable[[], Result]) -> Result:
        """Make a request that changes nothing, up to three times within 5 seconds if an error may be temporary.

        request: sends it once and returns its result.
        Raises InvalidRequest, TransportFailed, Refused.
        """
        started = time.monotonic()
        wait = RETRY_WAIT_SECONDS
        for _ in range(READ_TRIES - 1):
            try:
                return request()
            except (TransportFailed, Refused) as error:
                pause = max(wait, (error.retry_after if isinstance(error, Refused) else None) or 0.0)
                # A long pause is left to the caller.
                if not error.may_retry or time.monotonic() - started + pause > LONGEST_READ_SECONDS:
                    raise
            time.sleep(pause)
            wait *= 2
        return request()

    def send(self, method: str, url: str, make_fields: Callable[[], Fields] | None = None) -> Fields:
        """Send one request, exactly once, and return the JSON object of the answer.

        method: the HTTP method. url: the full address.
        make_fields: makes the body (the query for GET); called for each request, so that no signature is used twice.
        Raises InvalidRequest for a value that JSON cannot carry, TransportFailed, Refused.
        """
        fields = make_fields() if make_fields else {}
        content: dict[str, Any] = {"params": fields}
        if method != "GET":
            content = {"data": json_bytes(fields), "headers": {"Content-Type": "application/json"}}
        signature = fields.get("signature") or fields.get("sec_key")
        if isinstance(signature, str):
            self.announce(signature)
        response = self._exchange(method, url, **content)
        answer = _parsed(response.content)
        # Some of Smile's refusals arrive with HTTP 200.
        if not 200 <= response.status < 300 or (isinstance(answer, dict) and answer.get("error")):
            raise refusal(response.status, response.headers, response.content, answer, fields)
        if not isinstance(answer, dict):
            raise TransportFailed(NOT_UNDERSTOOD)
        return answer

    def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        query: Mapping[str, str] | None = None,
        content: Iterable[bytes] | None = None,
        sent: Mapping[str, Any] | None = None,
    ) -> "Reply":
        """Send one request, exactly once, with what v3 has in its headers.

        method: the HTTP method. url: the full address. headers: credentials and the type of the content among them.
        content: pieces of bytes; `len(content)` must be the exact size in bytes. None for a request without a body.
        sent: the fields in `content`, so that an error does not repeat them.
        Raises InvalidRequest, TransportFailed; Refused, with the `smile_job_id` of the header `SmileID-Job-ID`.
        """
        response = self._exchange(method, url, headers=headers, params=query, data=content)
        answer = _parsed(response.content)
        if not 200 <= response.status < 300:
            error = refusal(response.status, response.headers, response.content, answer, sent or {})
            error.smile_job_id = response.headers.get("SmileID-Job-ID")
            raise error
        if not isinstance(answer, dict):
            raise TransportFailed(NOT_UNDERSTOOD)
        return Reply(response.status, response.headers, answer)

    def put_stream(self, url: str, content: Iterable[bytes], content_type: str) -> None:
        """Send `content` with PUT, exactly once.

        url: an address from Smile's answer. One on a private network is refused, unless the configured server is on a
            private network itself.
        content: pieces of bytes; `len(content)` must be the exact size in bytes.
        Raises TransportFailed, Refused.

        https://docs.usesmileid.com/integration-options/rest-api/rest-api-v1
        """
        if not _is_safe_upload_address(url, self.server.v1, self._guard):
            raise TransportFailed(UNSAFE_UPLOAD)
        response = self._exchange("PUT", url, data=content, headers={"Content-Type": content_type})
        if not 200 <= response.status < 300:
            raise refusal(response.status, response.headers, response.content, _parsed(response.content), {})
        # The store's answer is empty. A page comes from something in between, and the zip may not have arrived.
        if response.content.lstrip().startswith(b"<"):
            raise TransportFailed("The store's answer could not be understood: it is a page.")

    def _exchange(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, **content: Any
    ) -> "_Answer":
        try:
            with self._session.request(
                method,
                url,
                headers={"Accept": "application/json", **(headers or {})},
                timeout=self._timeout,
                verify=self._verify,
                allow_redirects=False,
                stream=True,
                **content,
            ) as response:
                if self._on_answer and response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
                    self._on_answer(response.headers)
                body = self._read_body(response)
                return _Answer(response.status_code, response.headers, body)
        except requests.RequestException as error:
            failure = failure_of(error)
        except urllib3.exceptions.HTTPError:
            failure = TransportFailed("Smile's answer broke off before its end.")
        # Raised here, so that the original, which holds addresses and bodies, does not become its context.
        raise failure

    def _read_body(self, response: requests.Response) -> bytes:
        deadline = time.monotonic() + self._timeout[1]
        pieces = []
        size = 0
        while piece := response.raw.read1(65536, decode_content=True):
            pieces.append(piece)
            size += len(piece)
            if size > MAX_ANSWER_BYTES:
                raise TransportFailed("Smile's answer is too large.")
            if time.monotonic() > deadline:
                raise TransportFailed("Smile's answer took too long to arrive.")
        return b"".join(pieces)


def _check_transport(timeout: Any, session: Any, on_signed: Any, on_answer: Any, ca_file: Any) -> None:
    wrong: validation.Wrong = {}
    if not isinstance(timeout, tuple | list) or len(timeout) != 2:
        wrong["timeout"] = "has to be two numbers of seconds: to connect, and to wait for an answer"
    else:
        for seconds in timeout:
            validation.check_number(seconds, "timeout", wrong)
            if seconds == 0:
                wrong["timeout"] = "has to be more than 0 seconds"
    if session is not None and not isinstance(session, requests.Session):
        wrong["session"] = "has to be a requests session"
    validation.check_callable(on_signed, "on_signed", wrong)
    validation.check_callable(on_answer, "on_answer", wrong)
    if ca_file not in (None, ""):
        validation.check_text(ca_file, "ca_file", wrong)
        if "ca_file" not in wrong and not os.path.isfile(ca_file):
            wrong["ca_file"] = "there is no such file"
    validation.refuse_if(wrong)


@dataclass(frozen=True)
class Reply:
    """An answer of v3. status: the HTTP status. headers: names in any case. fields: the JSON object."""

    status: int
    headers: Mapping[str, str]
    fields: Fields


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    content: bytes


def _pooled_session(guard: Guard) -> requests.Session:
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, GuardedAdapter(guard, pool_connections=8, pool_maxsize=16, max_retries=0))
    return session


def json_bytes(fields: Mapping[str, Any]) -> bytes:
    """`fields` as strict JSON, in UTF-8.

    Raises InvalidRequest for a value that JSON cannot carry.
    """
    try:
        return json.dumps(fields, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError):
        message = "holds a value that JSON cannot carry"
    raise InvalidRequest({"request": message})


def _is_safe_upload_address(url: str, base_url: str, guard: Guard) -> bool:
    """Whether images may be sent to `url`: with TLS, unless the configured server has none.

    The addresses of the host are checked when it is connected to.
    """
    try:
        parts, base = urlsplit(url), urlsplit(base_url)
        port = parts.port
    except ValueError:
        return False
    if not parts.hostname or parts.username is not None or parts.scheme not in ("https", base.scheme):
        return False
    # A store on the internet has the default port, a simulator any.
    return port in (None, 443) or parts.netloc == base.netloc or guard.is_inside


def _parsed(content: bytes) -> Any:
    """The JSON in `content`, or None: gateways answer with HTML and stores with XML."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None
