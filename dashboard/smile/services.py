"""What Smile ID offers, and what this partner may use. All requests only read."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from dashboard.smile import validation
from dashboard.smile.partner import PartnerClient


class Services(PartnerClient):
    """The lists that forms are built from. The arguments are those of `PartnerClient`.

    https://docs.usesmileid.com/integration-options/rest-api/utilities
    """

    def services(self, locale: str | None = None) -> dict[str, Any]:
        """Everything on offer: banks, and the ID types of each product.

        locale: the language of the labels, such as "en".
        Returns `bank_codes` (a list of {"name", "code"}) and `hosted_web`: product -> country -> {"name", "id_types"}.
        An ID type has `label`, `required_fields`, `test_data` and `id_number_regex` (see `id_number_pattern`).
        This request is not signed.
        Raises InvalidRequest, TransportFailed, Refused.

        https://docs.usesmileid.com/integration-options/rest-api/utilities
        """
        wrong: validation.Wrong = {}
        query = _locale(locale, wrong)
        validation.refuse_if(wrong)
        url = f"{self._partner.server.v1}/services"
        return self._partner.transport.read("GET", url, lambda: query)

    def products_config(self, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """What this partner may use, and which ID types need the customer's consent.

        options: `signature` only.
        Returns `idSelection`: product -> country -> ID types, and `consentRequired`: country -> ID types.
        Raises InvalidRequest, TransportFailed, Refused, BadSignature.

        Not documented on a page; known from Smile's library: https://github.com/smileidentity/android
        """
        return self._ask("products_config", {}, options, {})

    def valid_documents(self, locale: str | None = None, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The documents that Document Verification accepts.

        locale: the language of the names, such as "en". options: `signature` only.
        Returns `valid_documents`: a list of {"country": {"name", "continent", "code"}, "id_types": list}.
        An ID type has `name`, `code` ("" for "Others"), `has_back` and `example`.
        Raises InvalidRequest, TransportFailed, Refused, BadSignature.

        Not documented on a page; known from Smile's library: https://github.com/smileidentity/android
        """
        wrong: validation.Wrong = {}
        return self._ask("valid_documents", _locale(locale, wrong), options, wrong)

    def _ask(self, path: str, query: Mapping[str, str], options: Any, wrong: validation.Wrong) -> dict[str, Any]:
        chosen = self._partner.checked_options(options, wrong)
        validation.refuse_if(wrong)
        url = f"{self._partner.server.v1}/{path}" + (f"?{urlencode(query)}" if query else "")
        return self._partner.ask(url, {"partner_id": self._partner.partner_id}, chosen)


def _locale(locale: Any, wrong: validation.Wrong) -> dict[str, Any]:
    if locale in (None, ""):
        return {}
    validation.check_text(locale, "locale", wrong)
    return {"locale": locale}


def id_number_pattern(regex: Any) -> re.Pattern[str] | None:
    """An `id_number_regex` of the services answer, compiled for `fullmatch`; None for one that cannot be used.

    Some are written as JavaScript literals (`/^...$/i`, or with only the `/i` left), which Python would not match.
    """
    if not isinstance(regex, str):
        return None
    flags = re.ASCII  # Otherwise \d would match the digits of every script, which no authority uses.
    if literal := re.fullmatch(r"/(.*)/([gimsuy]*)|(.*)(?<!\\)/([gimsuy]+)", regex, re.DOTALL):
        regex = literal[1] or literal[3] or ""
        flags |= re.IGNORECASE if "i" in (literal[2] or literal[4] or "") else re.NOFLAG
    try:
        return re.compile(regex, flags) if regex else None
    except (re.error, ValueError, RecursionError, OverflowError):
        return None
