"""The client of Smile's v3 API: one partner, and everything that can be asked of Smile."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.smile import validation
from dashboard.smile.errors import InvalidRequest
from dashboard.smile.transport import Transport
from dashboard.smile.v3 import constants
from dashboard.smile.v3.account import Account
from dashboard.smile.v3.answers import Webhook, moment_of, result_of
from dashboard.smile.v3.jobs import Jobs
from dashboard.smile.v3.links import Links
from dashboard.smile.v3.people import checked_consent
from dashboard.smile.v3.rules import check_value, checked_choice
from dashboard.smile.v3.services import Services
from dashboard.smile.v3.tokens import Token
from dashboard.smile.v3.verifications import Verifications
from dashboard.smile.v3.webhooks import body_of
from dashboard.smile.validation import Wrong


class Client:
    """One partner at one server. Threads may share it.

    partner_id: text as the portal shows it, with or without leading zeros. api_key: text as the portal shows it.
    sid_server: 0 or "0" for the sandbox, 1 or "1" for production, else a base URL with its `/v3` or `/v1`.
    default_callback: the https address for results when a request names none. A simulator on this machine may be
        given http addresses of this machine.
    transport: connections and timeouts, which clients may share, also with those of v1; by default a new one.
    verify_keys: further keys of this partner; signatures of theirs are accepted while keys are changed.
    verifications, jobs, services, links: the requests.

    Raises InvalidRequest for malformed arguments, or a transport to another server.

    https://github.com/smileidentity/api-reference
    """

    def __init__(
        self,
        partner_id: str,
        api_key: str,
        sid_server: int | str,
        *,
        default_callback: str | None = None,
        transport: Transport | None = None,
        verify_keys: Sequence[str] = (),
    ) -> None:
        self._account = Account(partner_id, api_key, sid_server, default_callback, transport, verify_keys)
        self.verifications = Verifications(self._account)
        self.jobs = Jobs(self._account)
        self.services = Services(self._account)
        self.links = Links(self._account)

    def create_token(
        self,
        *,
        product: str | None = None,
        user_id: str | None = None,
        partner_params: Mapping[str, str] | None = None,
        payload: Mapping[str, Any] | None = None,
    ) -> Token:
        """Make a token for one person, for hosted pages or for requests of one's own. It lives for 15 minutes.

        product: one of `constants.TOKEN_PRODUCTS`; it limits the token. payload: what the token holds instead of the
            requests that are made with it, of `constants.PAYLOAD_FIELDS`; the token itself only refers to it.
        Raises InvalidRequest, TransportFailed, Refused.

        https://github.com/smileidentity/api-reference
        """
        wrong: Wrong = {}
        values: dict[str, Any] = {}
        if product not in (None, ""):
            checked_choice(product, constants.TOKEN_PRODUCTS, "product", wrong)
            values["product"] = product
        for name, value in (("user_id", user_id), ("partner_params", partner_params)):
            if value not in (None, ""):
                check_value(name, value, wrong)
                values[name] = value
        if payload:
            values["payload"] = self._checked_payload(payload, wrong)
        validation.refuse_if(wrong)
        return self._account.fetch_token(values)

    def confirm_webhook(self, headers: Mapping[str, str], body: bytes | str) -> Webhook:
        """Read a webhook whose signature one of the partner's keys made.

        headers, body: as they arrived; names of headers in any case.
        The signature does not cover the body: anybody who has seen one can put it on another. Ask for the job's status
        before you believe the result, and refuse a webhook whose `sent_at` is old.
        Raises BadSignature; InvalidRequest for a body that is no JSON object.

        Not documented on a page: the sources are in https://github.com/smileidentity/api-reference
        """
        if not isinstance(headers, Mapping):
            raise InvalidRequest({"headers": "have to be names and texts"})
        self._account.check_signature(headers)
        names = {str(name).lower(): value for name, value in headers.items()}
        return Webhook(result_of(body_of(body), headers), moment_of(names.get("response-timestamp")))

    def _checked_payload(self, payload: Any, wrong: Wrong) -> dict[str, Any]:
        consent = payload.get("consent") if isinstance(payload, Mapping) else None
        rest = {name: value for name, value in payload.items() if name != "consent"} if consent else payload
        given = validation.checked_object(rest, "payload", wrong)
        for name, value in given.items():
            if name not in constants.PAYLOAD_FIELDS:
                wrong[f"payload.{name}"] = "is not a field"
            elif name != "callback_url":
                validation.check_text(value, f"payload.{name}", wrong)
        self._account.check_callback(given.get("callback_url"), "payload.callback_url", wrong)
        return {**given, "consent": checked_consent(consent, wrong)} if consent else given
