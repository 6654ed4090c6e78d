"""What every public class stands on: one partner's credentials, signed requests, and answers that were checked."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.smile import validation
from dashboard.smile.errors import BadSignature, InvalidRequest
from dashboard.smile.servers import server_for
from dashboard.smile.signature import Signature
from dashboard.smile.transport import Fields, Transport


class Partner:
    """One partner at one server. The arguments are explained at `PartnerClient`."""

    def __init__(
        self,
        partner_id: str,
        api_key: str,
        sid_server: int | str,
        transport: Transport | None,
        verify_keys: Sequence[str],
    ) -> None:
        self.partner_id = partner_id
        self._signer = Signature(partner_id, api_key)
        self._verifiers = [self._signer, *_verifiers(partner_id, verify_keys)]
        if transport is not None and not isinstance(transport, Transport):
            raise InvalidRequest({"transport": "has to be a Transport"})
        self.transport = transport or Transport(sid_server)
        self.server = self.transport.server
        if self.server != server_for(sid_server):
            raise InvalidRequest({"sid_server": "the transport leads to another server"})

    def checked_options(self, options: Any, wrong: validation.Wrong) -> Fields:
        return validation.checked_options(options, wrong, has_legacy_key=self._signer.has_legacy_key)

    def credentials(self, options: Mapping[str, Any]) -> Fields:
        """A fresh signature, or sec_key, with its timestamp.

        A v1 key makes a sec_key and any other key a signature. options["signature"] was checked to say the same.
        """
        wants_signature = options.get("signature", not self._signer.has_legacy_key)
        return dict(self._signer.generate_signature()) if wants_signature else self._signer.generate_sec_key()

    def ask(self, url: str, fields: Mapping[str, Any], options: Mapping[str, Any], *, method: str = "POST") -> Fields:
        """A signed question that changes nothing, asked again when that may help."""
        return self._checked(self.transport.read(method, url, lambda: self._signed(fields, options)))

    def submit(
        self, url: str, fields: Mapping[str, Any], options: Mapping[str, Any], *, method: str = "POST"
    ) -> Fields:
        """A signed request that may create or cost something; sent exactly once."""
        return self._checked(self.transport.send(method, url, lambda: self._signed(fields, options)))

    def _signed(self, fields: Mapping[str, Any], options: Mapping[str, Any]) -> Fields:
        # Credentials come last, so that nothing in the fields can stand in for them.
        return {**fields, **self.credentials(options)}

    def _checked(self, answer: Fields) -> Fields:
        timestamp = answer.get("timestamp")
        # An answer to a request made with a sec_key holds one in its `signature` too.
        for name in ("signature", "sec_key"):
            proof = answer.get(name)
            if proof is not None and not self._is_ours(timestamp, proof):
                raise BadSignature("Smile's answer carries a signature that none of our API keys made.")
        return answer

    def _is_ours(self, timestamp: Any, proof: Any) -> bool:
        return any(
            key.confirm_signature(timestamp, proof) or key.confirm_sec_key(timestamp, proof) for key in self._verifiers
        )


def _verifiers(partner_id: str, verify_keys: Any) -> list[Signature]:
    if not isinstance(verify_keys, Sequence) or isinstance(verify_keys, str | bytes):
        raise InvalidRequest({"verify_keys": "has to be a list of keys"})
    verifiers = []
    for position, key in enumerate(verify_keys):
        try:
            verifiers.append(Signature(partner_id, key))
        except InvalidRequest as error:
            raise InvalidRequest({f"verify_keys[{position}]": error.fields["api_key"]}) from None
    return verifiers


class PartnerClient:
    """The common beginning of every public class.

    partner_id: text as the portal shows it, leading zeros kept.
    api_key: the key to sign with. With a v1 key (base64 of a PEM public key) requests carry a sec_key, with any other
        a signature.
    sid_server: 0 or "0" for the sandbox, 1 or "1" for production, else a base URL with its `/v1`.
    transport: connections and timeouts, to be shared between clients; made for `sid_server` when left out.
    verify_keys: further keys of this partner, whose signatures on answers count as well while keys are rotated.

    Raises InvalidRequest for malformed arguments, or a transport that leads to another server.
    """

    def __init__(
        self,
        partner_id: str,
        api_key: str,
        sid_server: int | str,
        *,
        transport: Transport | None = None,
        verify_keys: Sequence[str] = (),
    ) -> None:
        self._partner = Partner(partner_id, api_key, sid_server, transport, verify_keys)
