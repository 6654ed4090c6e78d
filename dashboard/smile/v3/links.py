"""Smile Links of v3: created and read; they cannot be listed, changed or closed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from dashboard.smile import validation
from dashboard.smile.constants import LINK_METHODS
from dashboard.smile.errors import InvalidRequest, TransportFailed
from dashboard.smile.v3.account import Account
from dashboard.smile.v3.answers import Link, moment_of, word
from dashboard.smile.v3.building import Built
from dashboard.smile.v3.people import check_https
from dashboard.smile.v3.rules import check_value
from dashboard.smile.validation import Wrong


@dataclass(frozen=True, kw_only=True)
class NewLink:
    """A link to be created.

    id_types: a list of {"country", "id_type", "verification_method"}. user_id: of single-use links, used by no other.
    callback_url: by default the client's. expires_at: a datetime with its zone or ISO 8601; without it single-use links
    end after 90 days.

    https://github.com/smileidentity/api-reference
    """

    name: str
    id_types: Sequence[Mapping[str, str]]
    notice_privacy_policy_url: str
    is_single_use: bool
    callback_url: str | None = None
    description: str | None = None
    expires_at: datetime | str | None = None
    logo_url: str | None = None
    redirect_url: str | None = None
    theme_color: str | None = None
    partner_params: Mapping[str, str] | None = None
    user_id: str | None = None


class Links:
    """Creates and reads links. Their token is not limited to a product.

    https://github.com/smileidentity/api-reference
    """

    def __init__(self, account: Account) -> None:
        self._account = account

    def create(self, link: NewLink) -> Link:
        """Create a link. The request is sent once; repeating it creates a second link.

        Raises InvalidRequest, TransportFailed; Refused ("user_id_taken").

        https://github.com/smileidentity/api-reference
        """
        values = self._checked(link)
        return _link(self._account.submit("smile_links", Built("", values, [])).fields)

    def get(self, ref_id: str) -> Link:
        """One link. Its details are in `payload`, without counts.

        ref_id: of `create`, a UUID.
        Raises InvalidRequest, TransportFailed; Refused ("unknown").

        https://github.com/smileidentity/api-reference
        """
        wrong: Wrong = {}
        validation.check_text(ref_id, "ref_id", wrong)
        try:
            path = str(UUID(ref_id)) if not wrong else ""
        except ValueError:
            wrong["ref_id"] = "is no id of a link"
        validation.refuse_if(wrong)
        return _link(self._account.ask(f"smile_links/{path}").fields)

    def _checked(self, link: Any) -> dict[str, Any]:
        if not isinstance(link, NewLink):
            raise InvalidRequest({"link": "has to be a NewLink"})
        values = {field.name: getattr(link, field.name) for field in fields(link)}
        values = {name: value for name, value in values.items() if value not in (None, "")}
        if self._account.default_callback:
            values.setdefault("callback_url", self._account.default_callback)
        wrong: Wrong = {}
        self._check(values, wrong)
        validation.refuse_if(wrong)
        return values

    def _check(self, values: dict[str, Any], wrong: Wrong) -> None:
        for name in ("name", "notice_privacy_policy_url"):
            validation.check_text(values.get(name), name, wrong)
        validation.check_flag(values.get("is_single_use"), "is_single_use", wrong)
        validation.check_optional_texts(values, ("description", "theme_color", "user_id"), wrong)
        for name in ("notice_privacy_policy_url", "logo_url", "redirect_url"):
            if name in values and name not in wrong:
                check_https(values[name], name, wrong)
        self._account.check_callback(values.get("callback_url"), "callback_url", wrong)
        if "partner_params" in values:
            check_value("partner_params", values["partner_params"], wrong)
        if "user_id" in values and values.get("is_single_use") is not True:
            wrong["user_id"] = "is for links of a single use"
        if "expires_at" in values:
            values |= validation.checked_object({"expires_at": values["expires_at"]}, "expires_at", wrong)
            if moment_of(values["expires_at"]) is None:
                wrong["expires_at"] = "has to be a moment with its zone"
        _check_id_types(values.get("id_types"), wrong)


def _check_id_types(id_types: Any, wrong: Wrong) -> None:
    if not isinstance(id_types, Sequence) or isinstance(id_types, str | bytes) or not id_types:
        wrong["id_types"] = "are missing"
        return
    for position, entry in enumerate(id_types):
        field = f"id_types[{position}]"
        if not isinstance(entry, Mapping) or set(entry) != {"country", "id_type", "verification_method"}:
            wrong[field] = "has to be an object with country, id_type and verification_method"
            continue
        validation.check_text(entry["country"], f"{field}.country", wrong)
        validation.check_text(entry["id_type"], f"{field}.id_type", wrong)
        if entry["verification_method"] not in LINK_METHODS:
            wrong[f"{field}.verification_method"] = "has to be one of " + ", ".join(LINK_METHODS)


def _link(answer: dict[str, Any]) -> Link:
    link, ref_id = word(answer, "link"), word(answer, "ref_id")
    if not link or not ref_id:
        raise TransportFailed("Smile's answer holds no link.")
    return Link(link, ref_id, word(answer, "user_id"), answer)
