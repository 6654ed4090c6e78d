"""The only door to the network: one pooled session, timeouts on everything, and every failure as one of our errors."""

import json
import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import requests
import urllib3

from dashboard.smile import validation
from dashboard.smile.errors import InvalidRequest, Refused, TransportFailed
from dashboard.smile.guard import Guard, GuardedAdapter, LeadsInside
from dashboard.smile.refusals import refusal
from dashboard.smile.servers import server_for

MAX_ANSWER_BYTES = 20 * 1024 * 1024
READ_TRIES = 3
RETRY_WAIT_SECONDS = 0.25
LONGEST_READ_SECONDS = 5.0
UNSAFE_UPLOAD = "Smile's answer names an upload address that is not safe to use."

Fields = dict[str, Any]


class Transport:
    """The way to one server. Share one between as many clients and threads as you like.

    base_url: what the clients call `sid_server`: 0, 1, or a base URL with its `/v1`.
    timeout: seconds to connect, and seconds to wait for each piece of an answer and for the answer as a whole.
    session: a requests session with adapters or proxies of your own. Its environment settings and cookies are
        switched off here, and its own wish about TLS verification is not asked.
    on_signed: called with the signature or sec_key of a request just before it leaves.
    on_answer: called with the headers of each answer, whatever it says, but not of one with 5xx: a proxy may have
        given that one in Smile's place.
    ca_file: certificates (PEM) to trust in place of the usual ones. Verification itself cannot be switched off.
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
        # The environment could send requests through a proxy, or add passwords from a .netrc file to them.
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def close(self) -> None:
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def announce(self, signature: str) -> None:
        """Tell `on_signed` about a signature that is about to leave."""
        if self._on_signed:
            self._on_signed(signature)

    def read(self, method: str, url: str, make_fields: Callable[[], Fields] | None = None) -> Fields:
        """Ask for something that changes nothing; may ask again, a bounded number of times, when that may help."""
        started = time.monotonic()
        wait = RETRY_WAIT_SECONDS
        for _ in range(READ_TRIES - 1):
            try:
                return self.send(method, url, make_fields)
            except (TransportFailed, Refused) as error:
                pause = max(wait, (error.retry_after if isinstance(error, Refused) else None) or 0.0)
                # Who is told to stay away for long, or has waited long already, hands the error on instead.
                if not error.may_retry or time.monotonic() - started + pause > LONGEST_READ_SECONDS:
                    raise
            time.sleep(pause)
            wait *= 2
        return self.send(method, url, make_fields)

    def send(self, method: str, url: str, make_fields: Callable[[], Fields] | None = None) -> Fields:
        """Send one request, exactly once, and return the JSON object that answers it.

        make_fields: makes the body (for GET the query), anew for each request so that no signature is used twice.
        Raises TransportFailed or Refused.
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
        # Some refusals of Smile arrive under HTTP 200.
        if not 200 <= response.status < 300 or (isinstance(answer, dict) and answer.get("error")):
            raise refusal(response.status, response.headers, response.content, answer, fields)
        if not isinstance(answer, dict):
            raise TransportFailed("Smile's answer could not be understood: it is not a JSON object.")
        return answer

    def put_stream(self, url: str, content: Iterable[bytes], content_type: str) -> None:
        """PUT `content`, piece by piece; it has to know its length (`len`). Sent exactly once.

        url: as Smile's answer names it. One that leads into a private network is not connected to, unless the server
            that was chosen is in one itself.

        Raises TransportFailed or Refused.
        """
        if not _is_safe_upload_address(url, self.server.v1, self._guard):
            raise TransportFailed(UNSAFE_UPLOAD)
        response = self._exchange("PUT", url, data=content, headers={"Content-Type": content_type})
        if not 200 <= response.status < 300:
            raise refusal(response.status, response.headers, response.content, _parsed(response.content), {})
        # The store has nothing to say; a page is from something in between, and the zip may not have arrived.
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
            failure = _failure(error)
        except urllib3.exceptions.HTTPError:
            failure = TransportFailed("Smile's answer broke off before its end.")
        # Raised out here so that the original, which knows addresses and bodies, does not travel along as context.
        raise failure

    def _read_body(self, response: requests.Response) -> bytes:
        deadline = time.monotonic() + self._timeout[1]
        pieces = []
        size = 0
        while piece := response.raw.read1(65536, decode_content=True):
            pieces.append(piece)
            size += len(piece)
            if size > MAX_ANSWER_BYTES:
                raise TransportFailed("Smile's answer is too large to be one.")
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
class _Answer:
    status: int
    headers: Mapping[str, str]
    content: bytes


def _pooled_session(guard: Guard) -> requests.Session:
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, GuardedAdapter(guard, pool_connections=8, pool_maxsize=16, max_retries=0))
    return session


def _failure(error: requests.RequestException) -> TransportFailed:
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return TransportFailed("Smile could not be reached in time.", maybe_sent=False)
    if isinstance(error, requests.exceptions.SSLError):
        # A certificate is checked before anything is sent; other trouble with TLS may come at any time.
        sent = "CERTIFICATE_VERIFY_FAILED" not in str(error)
        return TransportFailed("The secure connection to Smile failed.", maybe_sent=sent)
    if isinstance(error, requests.exceptions.Timeout):
        return TransportFailed("Smile did not answer in time.")
    if isinstance(error, requests.exceptions.ConnectionError):
        cause = error.args[0] if error.args else None
        reason = getattr(cause, "reason", None)
        if isinstance(reason, LeadsInside):
            return TransportFailed(UNSAFE_UPLOAD, maybe_sent=False)
        # urllib3 says that no connection came about, as opposed to one that broke.
        if isinstance(reason, urllib3.exceptions.NewConnectionError | urllib3.exceptions.ProxyError):
            return TransportFailed("Smile could not be reached.", maybe_sent=False)
        return TransportFailed("The connection to Smile broke before an answer came.")
    return TransportFailed("The request to Smile could not be made or its answer not be read.")


def json_bytes(fields: Mapping[str, Any]) -> bytes:
    """`fields` as strict JSON. Raises InvalidRequest for values that JSON cannot carry."""
    try:
        return json.dumps(fields, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError):
        message = "holds a value that JSON cannot carry"
    raise InvalidRequest({"request": message})


def _is_safe_upload_address(url: str, base_url: str, guard: Guard) -> bool:
    """Images never travel without TLS unless the server itself was chosen without it. Where the host leads is looked at
    when it is connected to."""
    try:
        parts, base = urlsplit(url), urlsplit(base_url)
        port = parts.port
    except ValueError:
        return False
    if not parts.hostname or parts.username is not None or parts.scheme not in ("https", base.scheme):
        return False
    # A store on the internet has the usual port. A simulator has any.
    return port in (None, 443) or parts.netloc == base.netloc or guard.is_inside


def _parsed(content: bytes) -> Any:
    """The JSON in `content`, or None: gateways answer in HTML and stores in XML."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None
