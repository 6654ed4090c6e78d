"""The choices made so far in a form: product, country and ID type, each of which narrows the next."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID, uuid4

from dashboard.jobs.products import FACTS, Product, ProductFacts
from dashboard.jobs.smile_api.catalogue import Catalogue, IdChoice
from dashboard.jobs.submitting.fields import cleaned_value
from dashboard.smile.constants import SmileApi
from dashboard.smile.number_formats import fitting_number
from dashboard.web.pages.form_state import FormState


@dataclass(kw_only=True)
class Choosing(FormState):
    catalogue: Catalogue
    apis: Mapping[Product, SmileApi] = field(default_factory=dict)  # those that are chosen now; v1 for any other

    def value(self, name: str) -> str:
        """The cleaned value, so that what is checked, shown again and sent is the same."""
        typed = super().value(name)
        if name != "id_number":
            return cleaned_value(name, typed)
        return fitting_number(typed, self.id_choice.pattern if self.id_choice else "") if typed else ""

    @cached_property
    def form_key(self) -> UUID:
        """The key of this form, made when it is first shown and sent with it."""
        try:
            return UUID(self.value("form_key"))
        except ValueError:
            return uuid4()

    @cached_property
    def again(self) -> UUID | None:
        """The job or link that this form was filled from, to make another one like it."""
        try:
            return UUID(self.value("again"))
        except ValueError:
            return None

    @property
    def address_values(self) -> dict[str, Any]:
        """The choices in the form's address, so that Back and a reload keep them; no personal data."""
        chosen = {
            "product": self.product.value if self.product else None,
            "country": self.country or None,
            "id_type": self.id_choice.id_type if self.id_choice else None,
        }
        return chosen | {"again": self.again}

    @cached_property
    def product(self) -> Product | None:
        return Product(self.value("product")) if self.value("product") in list(Product) else None

    @property
    def facts(self) -> ProductFacts | None:
        return FACTS[self.product] if self.product else None

    @property
    def api(self) -> SmileApi:
        """The generation of Smile's API that the chosen product uses."""
        return self.apis.get(self.product, SmileApi.V1) if self.product else SmileApi.V1

    @property
    def is_v3(self) -> bool:
        return self.api == SmileApi.V3

    @cached_property
    def countries(self) -> list[tuple[str, str]]:
        return self.catalogue.countries(self.product) if self.product else []

    @cached_property
    def country(self) -> str:
        """The chosen country, if this product is offered there; a single country is chosen automatically."""
        codes = [code for code, _ in self.countries]
        chosen = self.value("country").upper()
        return chosen if chosen in codes else (codes[0] if len(codes) == 1 else "")

    @cached_property
    def id_choices(self) -> list[IdChoice]:
        return self.catalogue.id_choices(self.product, self.country) if self.product and self.country else []

    @cached_property
    def id_choice(self) -> IdChoice | None:
        chosen = self.value("id_type").upper()
        return next((choice for choice in self.id_choices if choice.id_type == chosen), None)
