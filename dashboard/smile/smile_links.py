"""Smile Links: hosted pages that a customer opens by address, created and managed at Smile."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from dashboard.smile import validation
from dashboard.smile.constants import LINK_METHODS, WEB_PRODUCTS
from dashboard.smile.partner import PartnerClient


class SmileLinks(PartnerClient):
    """Creates, changes, disables, reads and lists links. The arguments are those of `PartnerClient`.

    `options` of each method takes `signature` only.

    https://docs.usesmileid.com/integration-options/no-code/smile-links/rest-api
    """

    def create(self, details: Mapping[str, Any], options: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Create a link. The request is sent once; repeating it creates a second link.

        details: `name`, `company_name`, `id_types` (a list of {"country", "id_type", "verification_method"}, at most
            one method per ID type), `callback_url`, `data_privacy_policy_url`, `logo_url`, `is_single_use` (boolean),
            `user_id` (single use only), `partner_params` (text values), `expires_at` (ISO 8601, UTC).
        Returns {"link": address, "ref_id": text}.
        Raises InvalidRequest, TransportFailed, Refused, BadSignature.

        https://docs.usesmileid.com/integration-options/no-code/smile-links/rest-api
        """
        wrong: validation.Wrong = {}
        fields = _checked_details(details, "details", wrong)
        for name in ("name", "company_name"):
            validation.check_text(fields.get(name), name, wrong)
        fields["id_types"] = _checked_id_types(fields.get("id_types"), wrong)
        return self._send("POST", "", fields, options, wrong)

    def update(
        self, ref_id: str, changes: Mapping[str, Any], options: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Change details of a link.

        ref_id: from the answer of `create`. changes: some of the details of `create`; `is_disabled` (boolean) closes or
            reopens the link.
        Returns Smile's answer; its shape is not documented.
        Raises InvalidRequest, TransportFailed, Refused, BadSignature.

        https://docs.usesmileid.com/integration-options/no-code/smile-links/rest-api
        """
        wrong: validation.Wrong = {}
        fields = _checked_details(changes, "changes", wrong)
        if not fields and "changes" not in wrong:
            wrong["changes"] = "are missing"
        if "id_types" in fields:
            fields["id_types"] = _checked_id_types(fields["id_types"], wrong)
        return self._send("PUT", _path(ref_id), fields, options, wrong)

    def disable(self, ref_id: str, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Close a link to everyone.

        Returns Smile's answer; its shape is not documented.
        Raises InvalidRequest, TransportFailed, Refused, BadSignature.

        https://docs.usesmileid.com/integration-options/no-code/smile-links/rest-api
        """
        return self._send("PUT", _path(ref_id), {"is_disabled": True}, options, {})

    def get(self, ref_id: str, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """One link with its counts.

        Returns its details and `total_jobs`, `successful_jobs`, `failed_jobs` (counts), `expires_at` and `disabled_at`.
        Raises InvalidRequest, TransportFailed, Refused, BadSignature.

        https://docs.usesmileid.com/integration-options/no-code/smile-links/rest-api
        """
        # The sources disagree about the method; partners use this one in production.
        return self._ask("POST", _path(ref_id), options)

    def list(self, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """All links of the partner. The path and shape of this answer are not documented.

        Raises InvalidRequest, TransportFailed, Refused, BadSignature.

        https://docs.usesmileid.com/integration-options/no-code/smile-links/rest-api
        """
        return self._ask("GET", "", options)

    def _send(
        self, method: str, path: str, fields: Mapping[str, Any], options: Any, wrong: validation.Wrong
    ) -> dict[str, Any]:
        chosen = self._options(options, wrong)
        payload = {**fields, "partner_id": self._partner.partner_id}
        return self._partner.submit(self._url(path), payload, chosen, method=method)

    def _ask(self, method: str, path: str, options: Any) -> dict[str, Any]:
        chosen = self._options(options, {})
        return self._partner.ask(self._url(path), {"partner_id": self._partner.partner_id}, chosen, method=method)

    def _options(self, options: Any, wrong: validation.Wrong) -> dict[str, Any]:
        chosen = self._partner.checked_options(options, wrong)
        validation.refuse_if(wrong)
        return chosen

    def _url(self, path: str) -> str:
        return f"{self._partner.server.v1}/smile_links{path}"


def _checked_details(details: Any, name: str, wrong: validation.Wrong) -> dict[str, Any]:
    """The details of a link, with their types checked; unknown names are passed on."""
    fields = validation.checked_object(details, name, wrong)
    validation.check_optional_texts(fields, ("name", "company_name", "user_id", "expires_at"), wrong)
    for each in ("callback_url", "data_privacy_policy_url", "logo_url", "redirect_url"):
        if fields.get(each):
            validation.check_address(fields[each], each, wrong)
    for each in ("is_single_use", "is_disabled"):
        if each in fields:
            validation.check_flag(fields[each], each, wrong)
    params = fields.get("partner_params", {})
    if not isinstance(params, dict) or not all(isinstance(value, str) for value in params.values()):
        wrong["partner_params"] = "has to be an object of names and texts"
    return fields


def _path(ref_id: str) -> str:
    # Dots survive quoting and would lead to another path.
    wrong: validation.Wrong = {}
    validation.check_text(ref_id, "ref_id", wrong)
    if not wrong and not ref_id.strip("."):
        wrong["ref_id"] = "is not one"
    validation.refuse_if(wrong)
    return "/" + quote(ref_id, safe="")


def _checked_id_types(id_types: Any, wrong: validation.Wrong) -> list[dict[str, Any]]:
    if not isinstance(id_types, Sequence) or isinstance(id_types, str) or not id_types:
        wrong["id_types"] = "are missing"
        return []
    result = []
    seen = set()
    for position, entry in enumerate(id_types):
        field = f"id_types[{position}]"
        if not isinstance(entry, Mapping):
            wrong[field] = "has to be an object with country, id_type and verification_method"
            continue
        for name in ("country", "id_type"):
            validation.check_text(entry.get(name), f"{field}.{name}", wrong)
        method = str(entry.get("verification_method"))
        method = WEB_PRODUCTS.get(method, method)
        if method not in LINK_METHODS:
            wrong[f"{field}.verification_method"] = "has to be one of " + ", ".join(LINK_METHODS)
        key = (str(entry.get("country")), str(entry.get("id_type")))
        if key in seen:
            wrong[field] = "repeats an ID type; each takes one verification method"
        seen.add(key)
        result.append({**entry, "verification_method": method})
    return result
