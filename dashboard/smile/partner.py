"""The common base of the public classes: one partner's credentials, signed requests and checked answers."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.smile import validation
from dashboard.smile.errors import BadSignature, InvalidRequest
from dashboard.smile.servers import server_for
from dashboard.smile.signature import Signature
from dashboard.smile.transport import Fields, Transport


class Partner:
    """One partner at one server. The arguments are explained at `PartnerClient`.

    Raises InvalidRequest.
    """

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
        """The options of a call without those that were left out.

        wrong: takes what is wrong, by option.
        """
        return validation.checked_options(options, wrong, has_legacy_key=self._signer.has_legacy_key)

    def credentials(self, options: Mapping[str, Any]) -> Fields:
        """A new signature, or sec_key, with its timestamp.

        A v1 key makes a sec_key, any other key a signature. options["signature"] was checked to agree.
        Returns {"signature", "timestamp"} (text) or {"sec_key", "timestamp"} (whole seconds since 1970).

        https://docs.usesmileid.com/further-reading/security-overview
        """
        wants_signature = options.get("signature", not self._signer.has_legacy_key)
        return dict(self._signer.generate_signature()) if wants_signature else self._signer.generate_sec_key()

    def ask(self, url: str, fields: Mapping[str, Any], options: Mapping[str, Any], *, method: str = "POST") -> Fields:
        """Send a signed request that changes nothing; it may be repeated a few times.

        Returns the answer, whose signature (if it has one) was checked.
        Raises TransportFailed, Refused, BadSignature.

        https://docs.usesmileid.com/further-reading/security-overview
        """
        return self._checked(self.transport.read(method, url, lambda: self._signed(fields, options)))

    def submit(
        self, url: str, fields: Mapping[str, Any], options: Mapping[str, Any], *, method: str = "POST"
    ) -> Fields:
        """Send a signed request that may create or cost something, exactly once.

        Returns the answer, whose signature (if it has one) was checked.
        Raises TransportFailed, Refused, BadSignature.

        https://docs.usesmileid.com/further-reading/security-overview
        """
        return self._checked(self.transport.send(method, url, lambda: self._signed(fields, options)))

    def _signed(self, fields: Mapping[str, Any], options: Mapping[str, Any]) -> Fields:
        # Credentials come last, so that no field can replace them.
        return {**fields, **self.credentials(options)}

    def _checked(self, answer: Fields) -> Fields:
        timestamp = answer.get("timestamp")
        # The answer to a request with a sec_key has its sec_key in `signature`.
        for name in ("signature", "sec_key"):
            proof = answer.get(name)
            if proof is not None and not self._is_ours(timestamp, proof):
                raise BadSignature("Smile's answer carries a signature that none of the partner's API keys made.")
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
    """The base of every public client class.

    partner_id: text as the portal shows it, leading zeros kept.
    api_key: the key to sign with. With a v1 key (base64 of a PEM public key) requests carry a sec_key, with any other
        a signature.
    sid_server: 0 or "0" for the sandbox, 1 or "1" for production, else a base URL with its `/v1`.
    transport: connections and timeouts, which clients may share; by default a new one for `sid_server`.
    verify_keys: further keys of this partner; signatures of theirs on answers are accepted while keys are rotated.

    Raises InvalidRequest for malformed arguments, or a transport to another server.
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
