"""The form of a new link, parsed into a LinkRequest; `create_link` checks the rules for links."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from dashboard.jobs.products import FACTS, PRODUCTS_BY_WEB_NAME, WEB_PRODUCTS, Product
from dashboard.jobs.smile_api.catalogue import Catalogue, IdChoice
from dashboard.jobs.submitting.choosing import Choosing
from dashboard.jobs.submitting.fields import FIELDS, FieldFacts, problem_with_id, problem_with_value
from dashboard.jobs.submitting.v3_fields import (
    CONTACTS,
    NAMES,
    field_of,
    is_offered,
    phone_of_v3,
    problem_with_contact,
)
from dashboard.languages import LANGUAGE_NAMES
from dashboard.links.creation import MOST_DAYS, MOST_USES, NUMBER, PREFILL_FIELDS, LinkRequest, common_api
from dashboard.links.models import IdTypeChoice, LinkKind
from dashboard.smile.constants import LINK_METHODS, SmileApi

#: Instead of a product: the customer chooses among ID types, each checked in its own way.
CUSTOMER_CHOOSES = "customer_chooses"
DEFAULTS = {"uses": "1", "expires_in_days": "7"}
#: The words on its card.
CHOICE_WORDS = ("The customer chooses", "You list the ID types that you accept; the customer chooses one of them.")
SMILE_LINK_DEFAULTS = {"uses": "1", "expires_in_days": str(MOST_DAYS)}
MOST_CHOICES = 30


@dataclass(kw_only=True)
class LinkForm(Choosing):
    """One state of the form: what was chosen and typed, and its errors."""

    choices: list[IdTypeChoice] = field(default_factory=list)

    @property
    def is_smile_link(self) -> bool:
        return self.value("kind") == LinkKind.SMILE

    @property
    def customer_chooses(self) -> bool:
        return self.is_smile_link or self.value("product") == CUSTOMER_CHOOSES

    @property
    def api(self) -> SmileApi:
        """The API of the link, which is that of all its products."""
        products = [choice.product for choice in self.choices] if self.customer_chooses else [self.product]
        return common_api(self.apis, [product for product in products if product])

    @property
    def methods(self) -> list[tuple[str, str]]:
        """The ways to check an ID type that the customer may choose."""
        return [
            (product.value, FACTS[product].name)
            for product, name in WEB_PRODUCTS.items()
            if FACTS[product].id_type_list and (name in LINK_METHODS or not self.is_smile_link)
        ]

    @cached_property
    def product(self) -> Product | None:
        """The link's product; while choices are added, the one that checks the next choice."""
        chosen = self.value("method" if self.customer_chooses else "product")
        known = dict(self.methods) if self.customer_chooses else WEB_PRODUCTS
        return Product(chosen) if chosen in known else None

    @cached_property
    def country(self) -> str:
        """The chosen country; left open, the customer chooses, so a single country is not chosen automatically."""
        chosen = self.value("country").upper()
        return chosen if chosen in dict(self.countries) else ""

    @cached_property
    def id_choices(self) -> list[IdChoice]:
        uses_v3 = self.product is not None and self.apis.get(self.product) == SmileApi.V3
        return [choice for choice in super().id_choices if not uses_v3 or is_offered(choice)]

    @property
    def is_ready(self) -> bool:
        return bool(self.choices) if self.customer_chooses else self.product is not None

    @property
    def product_words(self) -> tuple[str, str]:
        """The name of what is chosen, and a sentence about it; both empty while nothing is."""
        if self.customer_chooses:
            return CHOICE_WORDS
        return (self.facts.name, self.facts.proves) if self.facts else ("", "")

    @property
    def next_field(self) -> str:
        if self.customer_chooses:
            return "customer_reference" if self.choices else "method"
        return (
            "customer_reference" if self.id_choice or not self.countries else "id_type" if self.country else "country"
        )

    @property
    def address_values(self) -> dict[str, Any]:
        if not self.customer_chooses:
            return super().address_values
        what = {"kind": self.value("kind")} if self.is_smile_link else {"product": CUSTOMER_CHOOSES}
        return what | {"choice": [encode(choice) for choice in self.choices], "again": self.again}

    @property
    def prefill_fields(self) -> tuple[str, ...]:
        """The details that can be filled in for a customer: in v1 for one whose ID type is known."""
        asks_number = self.id_choice is not None and self.facts is not None and self.facts.asks_id_number
        if self.is_v3 and not self.customer_chooses:
            return (*((NUMBER,) if asks_number else ()), *NAMES, *CONTACTS)
        if self.customer_chooses or self.id_choice is None or not asks_number:
            return ()
        asked = self.id_choice.required + self.id_choice.optional
        return tuple(name for name in asked if name in PREFILL_FIELDS)

    def value(self, name: str) -> str:
        value = super().value(name)
        return phone_of_v3(value, self.country) if name == "phone_number" and value and self.is_v3 else value

    def field(self, name: str) -> FieldFacts:
        """The words of a detail that can be filled in. Of e-mail and phone the customer can add what Smile needs."""
        is_own = self.is_v3 and name != "email"
        return (field_of(name, self.country) if is_own else None) or FIELDS[name]

    @property
    def is_prefilled(self) -> bool:
        return any(self.value(name) for name in self.prefill_fields)

    @property
    def preview_query(self) -> str:
        """The parameters for the preview of the customer's first page; no personal data."""
        names = ("product", "expires_in_days", "language")
        if self.customer_chooses:
            what = {"choice": [encode(choice) for choice in self.choices]}
        else:
            what = {"country": [self.country], "id_type": [self.value("id_type")]}
        return urlencode({name: [self.value(name)] for name in names} | what, doseq=True)


def draw_link_form(form: MultiDict[str, str], catalogue: Catalogue, apis: Mapping[Product, SmileApi]) -> LinkForm:
    """The form after a change: another choice made, one added, or one removed."""
    defaults = SMILE_LINK_DEFAULTS if form.get("kind") == LinkKind.SMILE else DEFAULTS
    choices = _choices(form.getlist("choice"), catalogue)
    state = LinkForm(defaults | form.to_dict(), catalogue=catalogue, apis=apis, choices=choices)
    if "remove" in form:
        state.choices = [choice for choice in state.choices if encode(choice) != form["remove"]]
    if "add" in form:
        _add_choice(state)
    return state


def check_link_form(
    form: MultiDict[str, str], catalogue: Catalogue, apis: Mapping[Product, SmileApi]
) -> tuple[LinkForm, LinkRequest | None]:
    """The form with its errors, and the request when there are none."""
    state = draw_link_form(form, catalogue, apis)
    if not state.is_ready:
        state.errors["product"] = (
            "Add at least one ID type for the customer to choose."
            if state.customer_chooses
            else "Choose what to ask the customer for."
        )
    if not state.customer_chooses:
        _check_id_type(state)
    for name in ("customer_reference", "user_id"):
        value = state.value(name)
        if value and (problem := problem_with_id(value)):
            state.errors[name] = problem
    for name in state.prefill_fields:
        value = state.value(name)
        if value and (problem := _problem_with_detail(state, name, value)):
            state.errors[name] = problem
    number, id_choice = state.value("id_number"), state.id_choice
    if "id_number" in state.prefill_fields and number and id_choice and not id_choice.matches(number):
        state.errors["id_number"] = id_choice.problem_with(number)
    request = _to_request(state)
    return state, None if state.errors else request


def _problem_with_detail(state: LinkForm, name: str, value: str) -> str:
    problem = problem_with_value(name, value, FIELDS[name].choices)
    return problem or (problem_with_contact(name, value, state.country) if state.is_v3 else "")


def values_again(link: Any, days: int) -> dict[str, str]:
    """The form values of a link, for "New link like this", without the customer's details."""
    return {
        "product": CUSTOMER_CHOOSES if link.product is None else link.product.value,
        "country": link.country or "",
        "id_type": link.id_type or "",
        "language": link.language,
        "return_url": link.return_url,
        "uses": str(link.uses_allowed),
        "expires_in_days": str(days),
        "prefill_is_locked": "yes" if link.prefill_is_locked else "",
        "again": str(link.id),
    }


def encode(choice: IdTypeChoice) -> str:
    """A choice as a form value: NG:PASSPORT:doc_verification."""
    return f"{choice.country}:{choice.id_type}:{choice.method}"


def _choices(encoded: Sequence[str], catalogue: Catalogue) -> list[IdTypeChoice]:
    """Decodes choices, leaving out what is not offered."""
    found = []
    for text in dict.fromkeys(encoded[:MOST_CHOICES]):
        country, _, rest = text.partition(":")
        id_type, _, method = rest.partition(":")
        product = PRODUCTS_BY_WEB_NAME.get(method)
        if product and id_type and catalogue.find(product, country, id_type):
            found.append(IdTypeChoice(country, id_type, method))
    return found


def _add_choice(state: LinkForm) -> None:
    if state.product is None:
        state.errors["method"] = "Choose how the ID type is checked."
    elif not state.country:
        state.errors["country"] = "Choose the country that issued the ID."
    elif state.id_choice is None or not state.id_choice.id_type:
        state.errors["id_type"] = "Choose the ID type."
    else:
        state.choices.append(IdTypeChoice(state.country, state.id_choice.id_type, WEB_PRODUCTS[state.product]))
        state.choices = list(dict.fromkeys(state.choices))[:MOST_CHOICES]


def _check_id_type(state: LinkForm) -> None:
    if state.value("country") and state.countries and not state.country:
        state.errors["country"] = f"{FACTS[state.product].name if state.product else 'This'} is not offered there."
    elif state.value("id_type") and state.id_choice is None and state.countries:
        state.errors["id_type"] = "Choose the ID type from the list, or leave it to the customer."


def _to_request(state: LinkForm) -> LinkRequest:
    id_choice = None if state.customer_chooses else state.id_choice
    return LinkRequest(
        product=None if state.customer_chooses else state.product,
        choices=tuple(state.choices) if state.customer_chooses else (),
        country="" if state.customer_chooses else state.country,
        id_type=id_choice.id_type if id_choice else "",
        customer_reference=state.value("customer_reference"),
        user_id=state.value("user_id"),
        prefill={name: state.value(name) for name in state.prefill_fields if state.value(name)},
        prefill_is_locked=bool(state.value("prefill_is_locked")),
        language=state.value("language"),
        return_url=state.value("return_url"),
        uses=_whole_number(state, "uses", MOST_USES),
        expires_in_days=_whole_number(state, "expires_in_days", MOST_DAYS),
        form_key=state.form_key,
    )


def _whole_number(state: LinkForm, name: str, most: int) -> int:
    text = state.value(name)
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return int(text)  # `create_link` checks the bounds.
    state.errors[name] = f"Enter a whole number between 1 and {most}."
    return 1


def language_choices() -> list[tuple[str, str]]:
    return list(LANGUAGE_NAMES.items())
