"""What Smile's v3 API offers: banks, ID types, documents, and the state of ID authorities. All requests only read."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dashboard.smile import validation
from dashboard.smile.v3 import constants
from dashboard.smile.v3.account import Account
from dashboard.smile.v3.answers import Payload, moment, rows, table, word
from dashboard.smile.v3.rules import check_value, checked_choice
from dashboard.smile.validation import Wrong


@dataclass(frozen=True)
class Bank:
    """A bank, with the code that a BANK_ACCOUNT lookup needs.

    https://github.com/smileidentity/api-reference
    """

    code: str
    country: str
    name: str


@dataclass(frozen=True)
class IdType:
    """An ID type. One type may be listed several times, by operator or bank.

    regex: of its numbers, without delimiters. required_fields: what a request needs, plumbing among it.

    https://github.com/smileidentity/api-reference
    """

    country: str
    type: str
    label: str
    regex: str
    required_fields: tuple[str, ...] = ()
    bank_code: str = ""


@dataclass(frozen=True)
class Document:
    """A document of a country. code: "" for others. payload: also its format, examples and sub-types.

    https://github.com/smileidentity/api-reference
    """

    country: str
    country_name: str
    continent: str
    code: str
    name: str
    has_back: bool
    payload: Payload = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class IdStatus:
    """The state of an ID authority. The rates are texts such as "95%"; `last_checked` is None if it is not said.

    https://github.com/smileidentity/api-reference
    """

    last_known_status: str
    last_check_status: str
    last_check_success_rate: str
    last_hour_success_rate: str
    last_checked: datetime | None = None


class Services:
    """The lists that forms are built from.

    https://github.com/smileidentity/api-reference
    """

    def __init__(self, account: Account) -> None:
        self._account = account

    def bank_codes(self, country: str | None = None) -> list[Bank]:
        """The banks of a country, by default of all. No token is needed.

        Raises InvalidRequest, TransportFailed, Refused.

        https://github.com/smileidentity/api-reference
        """
        found = rows(self._open_list("bank_codes", {"country": country}), "bank_codes")
        return [Bank(word(row, "code"), word(row, "country"), word(row, "name")) for row in found]

    def supported_id_types(self, country: str | None = None) -> list[IdType]:
        """The ID types of a country, by default of all. No token is needed.

        Raises InvalidRequest, TransportFailed, Refused.

        https://github.com/smileidentity/api-reference
        """
        found = rows(self._open_list("supported_id_types", {"country": country}), "id_types")
        return [_id_type(row) for row in found]

    def supported_documents(
        self, *, continent: str | None = None, country_code: str | None = None, locale: str | None = None
    ) -> list[Document]:
        """The documents that Document Verification accepts. No token is needed.

        continent, locale: one of `constants.CONTINENTS`, `constants.LOCALES`. country_code: two capital letters.
        Raises InvalidRequest, TransportFailed, Refused.

        https://github.com/smileidentity/api-reference
        """
        query = {"continent": continent, "country_code": country_code, "locale": locale}
        answer = self._open_list("supported_documents", query)
        return [
            _document(table(row, "country"), each)
            for row in rows(answer, "valid_documents")
            for each in rows(row, "id_types")
        ]

    def id_status(self, country: str, id_type: str) -> IdStatus:
        """The state of an ID authority.

        country: two capital letters.
        Raises InvalidRequest, TransportFailed, Refused.

        https://github.com/smileidentity/api-reference
        """
        wrong: Wrong = {}
        check_value("country", country, wrong)
        check_value("id_type", id_type, wrong)
        validation.refuse_if(wrong)
        answer = self._account.ask("services/id_status", {"country": country, "id_type": id_type}).fields
        names = ("last_known_status", "last_check_status", "last_check_success_rate", "last_hour_success_rate")
        known, last, last_rate, hour_rate = (word(answer, name) for name in names)
        return IdStatus(known, last, last_rate, hour_rate, moment(answer, "last_checked"))

    def config(self) -> Payload:
        """What this partner may use, as hosted pages read it.

        Returns `products`, `idSelection`, `consentRequired`, `fields_to_collect`, `token_provided_fields` and
        `token_provided_values`, each an object or a list as Smile sends it.
        Raises TransportFailed, Refused.

        Not documented on a page; known from https://github.com/smileidentity/usesmileid-sample-apps
        """
        return self._account.ask("services/config").fields

    def _open_list(self, name: str, query: dict[str, Any]) -> Payload:
        wrong: Wrong = {}
        given = {each: value for each, value in query.items() if value not in (None, "")}
        for each, value in given.items():
            if each == "continent":
                checked_choice(value, constants.CONTINENTS, each, wrong)
            elif each == "locale":
                checked_choice(value, constants.LOCALES, each, wrong)
            else:
                country: Wrong = {}
                check_value("country", value, country)
                if country:
                    wrong[each] = country["country"]
        validation.refuse_if(wrong)
        return self._account.ask(f"services/{name}", given, is_open=True).fields


def _id_type(row: Payload) -> IdType:
    names = row.get("required_fields")
    required = tuple(each for each in names if isinstance(each, str)) if isinstance(names, list) else ()
    country, kind, label, regex = (word(row, name) for name in ("country", "type", "label", "regex"))
    return IdType(country, kind, label, regex, required, word(row, "bank_code"))


def _document(country: Payload, row: Payload) -> Document:
    country_code, name, continent = (word(country, each) for each in ("code", "name", "continent"))
    has_back = row.get("has_back") is True
    return Document(country_code, name, continent, word(row, "code"), word(row, "name"), has_back, row)
