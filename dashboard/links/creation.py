"""Creating links: `create_link` checks a request, saves the link, and returns its code this one time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, select

from dashboard.audit.trail import record
from dashboard.config import Settings
from dashboard.db import keyring_of, new_id
from dashboard.errors import Invalid
from dashboard.jobs.products import FACTS, PRODUCTS_BY_WEB_NAME, WEB_PRODUCTS, Product, problem_with_user_id
from dashboard.jobs.smile_api.api_choice import chosen_apis, policy_address
from dashboard.jobs.submitting.v3_fields import CONTACTS, NAMES, NO_POLICY
from dashboard.languages import LANGUAGES
from dashboard.links.codes import digest_of_code, new_code
from dashboard.links.managing import renew_code
from dashboard.links.models import IdTypeChoice, Link, prefill_associated_data
from dashboard.smile.constants import SmileApi
from dashboard.stored_settings import read_branding

MOST_USES = 10_000
MOST_DAYS = 90
NUMBER = "id_number"
#: The details of a person that a link may contain: the number and others of Smile's id_info.
PREFILL_FIELDS = frozenset({NUMBER, "first_name", "middle_name", "last_name", "dob", "phone_number", "gender"})
#: The same where the link uses Smile's v3 API, whose tokens bind these.
V3_PREFILL_FIELDS = frozenset({NUMBER, *NAMES, *CONTACTS})


@dataclass(frozen=True)
class LinkRequest:
    """The link to create: with a product, or with choices that each name one."""

    product: Product | None = None
    choices: tuple[IdTypeChoice, ...] = ()
    country: str = ""
    id_type: str = ""
    customer_reference: str = ""
    user_id: str = ""
    prefill: dict[str, str] = field(default_factory=dict)  # of PREFILL_FIELDS
    prefill_is_locked: bool = False
    partner_params: dict[str, str] = field(default_factory=dict)
    language: str = ""
    return_url: str = ""
    uses: int = 1
    expires_in_days: int = 7
    form_key: UUID | None = None  # identifies the form, so that sending it twice makes one link


def create_link(
    session: Session, request: LinkRequest, settings: Settings, created_by: str, now: datetime
) -> tuple[Link, str]:
    """The link and its code, which is shown once, since only its digest is stored. Raises Invalid."""
    pressed_before = link_of_form(session, request.form_key)
    if pressed_before:  # The first answer was lost, and the code with it.
        return pressed_before, renew_code(session, pressed_before, now)
    api = api_of_link(session, settings, request)
    wrong = wrong_fields(request, read_branding(session, settings).return_urls, api)
    if api == SmileApi.V3 and not policy_address(session, settings):
        wrong["product"] = NO_POLICY
    if wrong:
        raise Invalid(wrong)
    code, row_id = new_code(), new_id()
    prefill = {name: value for name, value in request.prefill.items() if value}
    link = Link(
        id=row_id,
        environment=settings.environment,
        api=api,
        code_digest=digest_of_code(code),
        product=request.product,
        choices=choices_as_json(request.choices),
        country=request.country or None,
        id_type=request.id_type or None,
        customer_reference=request.customer_reference,
        user_id=request.user_id,
        prefill_sealed=keyring_of(session).seal_json(prefill, prefill_associated_data(row_id)) if prefill else None,
        # What a token of v3 binds, nobody can change.
        prefill_is_locked=bool(prefill) and (request.prefill_is_locked or api == SmileApi.V3),
        partner_params=request.partner_params,
        language=request.language,
        return_url=request.return_url,
        expires_at=now + timedelta(days=request.expires_in_days),
        uses_allowed=request.uses,
        form_key=request.form_key,
        created_by=created_by,
        created_at=now,
        changed_at=now,
    )
    session.add(link)
    session.flush()
    product = request.product.value if request.product else "the customer's choice"
    details = {"product": product, "uses": str(request.uses), "api": api.value}
    record(session, "link.created", f"link {link.id}", now, who=created_by, details=details)
    return link, code


def api_of_link(session: Session, settings: Settings, request: LinkRequest) -> SmileApi:
    """The API of a new link: v3 only if all its products use v3 now, since a link has one."""
    methods = [each.method for each in request.choices]
    chosen = [PRODUCTS_BY_WEB_NAME[method] for method in methods if method in PRODUCTS_BY_WEB_NAME]
    products = [request.product] if request.product else chosen
    return common_api(chosen_apis(session, settings), products)


def common_api(apis: Mapping[Product, SmileApi], products: Iterable[Product]) -> SmileApi:
    """v3 if all products use it; v1, which all have, otherwise."""
    return SmileApi.V3 if {apis.get(product) for product in products} == {SmileApi.V3} else SmileApi.V1


def choices_as_json(choices: Iterable[IdTypeChoice]) -> list[dict[str, str]]:
    """The choices as rows store them, under Smile's names."""
    return [{"country": each.country, "id_type": each.id_type, "verification_method": each.method} for each in choices]


def link_of_form(session: Session, form_key: UUID | None) -> Link | None:
    if form_key is None:
        return None
    return session.exec(select(Link).where(Link.form_key == form_key).with_for_update()).first()


def link_address(settings: Settings, code: str) -> str:
    """The address that the customer opens."""
    return f"{settings.public_url}/v/{code}"


def prefill_of(session: Session, link: Link) -> dict[str, str] | None:
    """The details filled in for the customer; None where they cannot be opened."""
    if link.prefill_sealed is None:
        return {}
    prefill: dict[str, str] | None = keyring_of(session).open_json_or_none(
        link.prefill_sealed, prefill_associated_data(link.id)
    )
    return prefill


def wrong_fields(request: LinkRequest, return_urls: tuple[str, ...], api: SmileApi = SmileApi.V1) -> dict[str, str]:
    """The errors by the rules for links, one sentence per field. The form checks what may be typed."""
    wrong: dict[str, str] = {}
    product = request.product
    if (product is None) == (not request.choices):
        wrong["product"] = "Choose one product, or the ID types that the customer may choose from."
    elif product is not None and product not in WEB_PRODUCTS:
        wrong["product"] = f"{FACTS[product].name} has no page for customers."
    if any(each.method not in PRODUCTS_BY_WEB_NAME or not each.country or not each.id_type for each in request.choices):
        wrong["choices"] = "Each choice must name a country, an ID type and how it is checked."
    if problem := problem_with_user_id(product, request.user_id):
        wrong["user_id"] = problem
    elif request.user_id and request.uses > 1:
        wrong["uses"] = "A link with a user id is for one person: allow one use, or leave the user id empty."
    if request.id_type and not request.country:
        wrong["country"] = "Choose the country of this ID type."
    if not set(request.prefill) <= (V3_PREFILL_FIELDS if api == SmileApi.V3 else PREFILL_FIELDS):
        wrong["prefill"] = "Only a person's details can be filled in."
    # v3 asks for the person whatever the ID type; in v1 each ID type asks for details of its own.
    of_id_type = [name for name in request.prefill if request.prefill[name] and (api == SmileApi.V1 or name == NUMBER)]
    if of_id_type and not request.id_type:
        wrong["id_type"] = "Choose the ID type that the filled-in details belong to."
    if any(request.prefill.values()) and request.uses > 1:
        wrong["uses"] = "A link with details of a customer may have only one use."
    wrong |= _wrong_frame(request, return_urls)
    return wrong


def _wrong_frame(request: LinkRequest, return_urls: tuple[str, ...]) -> dict[str, Any]:
    wrong = {}
    if not 1 <= request.uses <= MOST_USES:
        wrong["uses"] = f"Between 1 and {MOST_USES}."
    if problem := problem_with_days(request.expires_in_days):
        wrong["expires_in_days"] = problem
    if request.language and request.language not in LANGUAGES:
        wrong["language"] = "Choose one of the listed languages."
    if request.return_url and request.return_url not in return_urls:
        wrong["return_url"] = "The settings do not allow this address."
    return wrong


def problem_with_days(days: int) -> str:
    """What is wrong with the number of days that a link should work; empty when nothing is."""
    return "" if 1 <= days <= MOST_DAYS else f"Between 1 and {MOST_DAYS} days."
