"""The partner's account on Smile's portal host: wallet balance, and availability of ID authorities."""

from collections.abc import Mapping
from typing import Any

from dashboard.smile import validation
from dashboard.smile.partner import PartnerClient

#: The currencies of a wallet.
CURRENCIES = ("KES", "NGN", "USD")


class PartnerAccount(PartnerClient):
    """The wallet balance and the availability of ID authorities. The arguments are those of `PartnerClient`.

    With a custom server the portal is expected on the same host, and the environment is "test".
    `options` of each method takes `signature` only.
    """

    def wallet_balance(self, currency: str | None = None, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The balance of the partner's wallet.

        currency: "KES", "NGN" or "USD"; by default the account's own.
        Returns {"wallet_balance": amount in that currency, "current_as_of": time}; jobs are charged later, so it lags.
        Raises InvalidRequest, TransportFailed, Refused, BadSignature.

        https://docs.usesmileid.com/further-reading/faqs/is-there-an-api-i-can-use-to-monitor-my-wallet-balance
        """
        wrong: validation.Wrong = {}
        if currency not in (None, "", *CURRENCIES):
            wrong["currency"] = "has to be one of " + ", ".join(CURRENCIES)
        return self._ask("wallet_balance", {"currency": currency} if currency else {}, options, wrong)

    def id_status(self, country: str, id_type: str, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The availability of an ID authority.

        country: two capital letters. id_type: Smile's name of the ID type.
        Returns `last_checked`, `last_check_status` and `last_hour_success_rate`.
        Raises InvalidRequest, TransportFailed, Refused, BadSignature.

        https://docs.usesmileid.com/further-reading/faqs/is-there-an-api-i-can-check-to-check-the-status-of-an-id-authority
        """
        wrong: validation.Wrong = {}
        validation.check_text(country, "country", wrong)
        validation.check_text(id_type, "id_type", wrong)
        return self._ask("id_status", {"country": country, "id_type": id_type}, options, wrong)

    def _ask(self, path: str, fields: Mapping[str, Any], options: Any, wrong: validation.Wrong) -> dict[str, Any]:
        chosen = self._partner.checked_options(options, wrong)
        validation.refuse_if(wrong)
        server = self._partner.server
        environment = {"environment": "production" if server.is_production else "test"}
        payload = {**fields, **environment, "partner_id": self._partner.partner_id}
        return self._partner.ask(f"{server.portal}/{path}", payload, chosen)
