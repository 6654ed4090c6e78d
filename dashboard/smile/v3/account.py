"""One partner at one server: fetches tokens, sends requests with them, and checks signatures."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from http import HTTPStatus
from typing import Any, TypeVar

from dashboard.smile import constants as v1
from dashboard.smile import validation
from dashboard.smile.errors import BadSignature, InvalidRequest, Refused, SmileError, TransportFailed
from dashboard.smile.public_addresses import is_loopback
from dashboard.smile.servers import server_for
from dashboard.smile.signature import Signature
from dashboard.smile.transport import Reply, Transport
from dashboard.smile.v3.building import Built, build, text_parts
from dashboard.smile.v3.multipart import Multipart
from dashboard.smile.v3.people import check_https
from dashboard.smile.v3.refusals import with_code
from dashboard.smile.v3.requests import Submission
from dashboard.smile.v3.tokens import Token, TokenCache, read_token
from dashboard.smile.validation import Wrong

Answer = TypeVar("Answer")
_SDK = {"SmileID-Source-SDK": v1.SOURCE_SDK, "SmileID-Source-SDK-Version": v1.SOURCE_SDK_VERSION}


class Account:
    """One partner at one server. The arguments are explained at `Client`.

    Raises InvalidRequest.
    """

    def __init__(
        self,
        partner_id: str,
        api_key: str,
        sid_server: int | str,
        default_callback: str | None,
        transport: Transport | None,
        verify_keys: Sequence[str],
    ) -> None:
        self._forms = forms_of(partner_id)
        self.partner_id = self._forms[0]
        self._api_key = api_key
        keys = [api_key, *_checked_keys(verify_keys)]
        self._verifiers = [Signature(form, key) for key in keys for form in self._forms]
        if transport is not None and not _is_a(transport, Transport):
            raise InvalidRequest({"transport": "has to be a Transport"})
        self.transport = transport or Transport(sid_server)
        self.server = self.transport.server
        if self.server != server_for(sid_server):
            raise InvalidRequest({"sid_server": "the transport leads to another server"})
        self.default_callback = default_callback or ""
        wrong: Wrong = {}
        self.check_callback(self.default_callback, "default_callback", wrong)
        validation.refuse_if(wrong)
        self._tokens = TokenCache(lambda: self.fetch_token({}))

    def fetch_token(self, values: Mapping[str, Any]) -> Token:
        """Get a new token; it costs nothing, so it may be asked for a few times.

        values: what the token is to hold, checked.
        Raises TransportFailed, Refused.

        https://github.com/smileidentity/api-reference
        """
        body = Multipart(text_parts(values)) if values else None
        headers = {"smileid-partner-id": self.partner_id, "smileid-api-key": self._api_key, **_SDK}
        reply = _told_apart(lambda: self.transport.repeated(lambda: self._send("POST", "token", headers, body)))
        text = reply.fields.get("token")
        if not isinstance(text, str) or not text.isascii() or not text:
            raise TransportFailed("Smile's answer holds no token.", maybe_sent=False)
        return read_token(text)

    def built(self, request: Submission, kind: type[Submission], token: Token | None) -> Built:
        """Check a typed request.

        kind: the class that it has to be. token: holds some of its fields.
        Raises InvalidRequest.
        """
        if not _is_a(request, kind):
            raise InvalidRequest({"request": "is none that this method takes"})
        wrong: Wrong = {}
        built = build(request, self.default_callback, check_token(token, wrong), wrong)
        self.check_callback(built.values.get("callback_url"), "callback_url", wrong)
        validation.refuse_if(wrong)
        return built

    def submit(
        self,
        path: str,
        built: Built,
        token: Token | None = None,
        headers: Mapping[str, str] | None = None,
        before_sending: Callable[[], None] | None = None,
    ) -> Reply:
        """Send a request that may create or cost something, exactly once.

        path: below /v3. token: used instead of the shared one. headers: further ones. before_sending: called once, when
            the token and the body are there and the request is about to leave.
        Raises InvalidRequest for an image that cannot be sent, TransportFailed, Refused.

        https://github.com/smileidentity/api-reference
        """
        more = {**(headers or {}), **({"User-ID": built.user_id} if built.user_id else {})}
        with ExitStack() as stack:
            # Smile wants multipart even where nothing is left to say; only a replay may have no body.
            body = built.body(stack) if built.path or built.values else None

            def send(given: Mapping[str, str]) -> Reply:
                return self._send("POST", path, {**given, **more}, body, built)

            return self._with_token(token, send, before_sending)

    def ask(self, path: str, query: Mapping[str, str] | None = None, *, is_open: bool = False) -> Reply:
        """Send a request that changes nothing; it may be repeated a few times.

        path: below /v3. is_open: no token is needed.
        Raises TransportFailed, Refused.

        https://github.com/smileidentity/api-reference
        """

        def send(headers: Mapping[str, str]) -> Reply:
            return self.transport.repeated(
                lambda: self.transport.call("GET", f"{self.server.v3}/{path}", headers=headers, query=query)
            )

        return _told_apart(lambda: send(_SDK)) if is_open else self._with_token(None, send)

    def check_signature(self, headers: Mapping[str, str]) -> None:
        """Check the signature in the headers of an answer or a webhook.

        headers: names in any case.
        Raises BadSignature if it is missing or none of the partner's keys made it.

        https://github.com/smileidentity/api-reference
        """
        found = {name.lower(): value for name, value in headers.items()}
        timestamp, signature = found.get("response-timestamp"), found.get("response-signature")
        if not any(key.confirm_signature(timestamp, signature) for key in self._verifiers):
            raise BadSignature("The message carries no signature that one of the partner's API keys made.")

    def check_callback(self, address: Any, name: str, wrong: Wrong) -> None:
        """Check a callback address, if there is one: https, or http on this machine for a simulator on it.

        wrong: takes what is wrong, by field.
        """
        if address in (None, ""):
            return
        validation.check_text(address, name, wrong)
        if name not in wrong:
            validation.check_address(address, name, wrong)
        own = self.server.v1 not in (v1.SANDBOX_URL, v1.PRODUCTION_URL)
        if name not in wrong and not (own and is_loopback(address)):
            check_https(address, name, wrong)

    def _with_token(
        self,
        token: Token | None,
        send: Callable[[Mapping[str, str]], Reply],
        before_sending: Callable[[], None] | None = None,
    ) -> Reply:
        """Send with the shared token, and once again with a new one if it is refused: nothing was done then."""
        given = token or self._shared_token()
        if before_sending:
            before_sending()
        try:
            return _told_apart(lambda: send(self._headers(given)))
        except Refused as error:
            if token is not None or error.status != HTTPStatus.UNAUTHORIZED:
                raise
        self._tokens.drop(given)
        given = self._shared_token()
        return _told_apart(lambda: send(self._headers(given)))

    def _shared_token(self) -> Token:
        try:
            return _told_apart(self._tokens.get)
        except SmileError as error:
            error.maybe_sent = False  # The request itself has not left.
            raise

    def _headers(self, token: Token) -> dict[str, str]:
        return {"SmileID-Token": token.text, "SmileID-Partner-ID": self.partner_id, **_SDK}

    def _send(
        self, method: str, path: str, headers: Mapping[str, str], body: Multipart | None, built: Built | None = None
    ) -> Reply:
        typed = {"Content-Type": body.content_type} if body else {}
        return self.transport.call(
            method,
            f"{self.server.v3}/{path}",
            headers={**headers, **typed},
            content=body,
            sent=built.values if built else None,
        )


def _told_apart(send: Callable[[], Answer]) -> Answer:
    try:
        return send()
    except Refused as error:
        refused = with_code(error)
    raise refused


def check_token(token: Any, wrong: Wrong) -> frozenset[str]:
    """The fields that a token holds; none without one. wrong: takes what is wrong, by field."""
    if token is not None and not isinstance(token, Token):
        wrong["token"] = "has to be a Token"  # noqa: S105  # A message.
        return frozenset()
    return token.bound if token else frozenset()


def _is_a(value: Any, kind: type[Any]) -> bool:
    return isinstance(value, kind)


def forms_of(partner_id: Any) -> tuple[str, ...]:
    """The partner id without and with its leading zeros: v3 wants none, and the sources disagree about signatures.

    Raises InvalidRequest unless it is a number.

    https://github.com/smileidentity/api-reference
    """
    is_number = isinstance(partner_id, str) and partner_id.isascii() and partner_id.isdigit() and len(partner_id) < 19
    if not is_number or not int(partner_id):
        raise InvalidRequest({"partner_id": "has to be a number, as text"})
    return tuple(dict.fromkeys((str(int(partner_id)), f"{int(partner_id):03}", partner_id)))


def _checked_keys(verify_keys: Any) -> list[str]:
    if not isinstance(verify_keys, Sequence) or isinstance(verify_keys, str | bytes):
        raise InvalidRequest({"verify_keys": "has to be a list of keys"})
    for position, key in enumerate(verify_keys):
        if not isinstance(key, str) or not key:
            raise InvalidRequest({f"verify_keys[{position}]": "has to be the text that the portal shows"})
    return list(verify_keys)
