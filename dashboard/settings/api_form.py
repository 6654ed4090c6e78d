"""The form that chooses an API of Smile for each product, with the address of the privacy policy that v3 needs."""

from collections.abc import Mapping

from dashboard.config import Settings
from dashboard.jobs.products import FACTS, Product
from dashboard.outbound import problem_with_address
from dashboard.smile import InvalidRequest
from dashboard.smile.constants import SmileApi
from dashboard.smile.v3.account import forms_of
from dashboard.web.pages.form_state import FormState

POLICY = "policy_url"
POLICY_MISSING = "Enter the address of your privacy policy: the consent that v3 asks for names it."
NO_NUMBER = "Smile's v3 API takes only a partner id that is a number, and that of this deployment is none."
POLICY_IN_USE = "Products use Smile's v3 API, which needs this address. Choose v1 for them first, under Which API."


def api_form(apis: Mapping[Product, SmileApi], policy_url: str) -> FormState:
    """The form, filled with what is chosen."""
    return FormState({POLICY: policy_url} | {field_of(product): api for product, api in apis.items()})


def check_api_form(
    typed: Mapping[str, str], settings: Settings, before: Mapping[Product, SmileApi], policy_before: str
) -> tuple[FormState, dict[Product, SmileApi]]:
    """The form with its errors, and the choice. What a program leaves out stays as it was before."""
    form = FormState({**api_form(before, policy_before).values, **typed})
    apis = dict(before)
    for product, facts in FACTS.items():
        chosen = form.value(field_of(product))
        if chosen == SmileApi.V3 and not has_partner_of_v3(settings):
            form.errors[field_of(product)] = NO_NUMBER
        elif chosen in facts.apis:
            apis[product] = SmileApi(chosen)
        else:
            form.errors[field_of(product)] = f"{facts.name}: choose {' or '.join(facts.apis)}."
    if problem := problem_with_policy(form.value(POLICY), settings, uses_v3=SmileApi.V3 in apis.values()):
        form.errors[POLICY] = problem
    return form, apis


def problem_with_policy(address: str, settings: Settings, *, uses_v3: bool) -> str:
    """What is wrong with the address of the privacy policy, in a sentence; empty when nothing is."""
    if not address:
        return POLICY_MISSING if uses_v3 else ""
    if uses_v3 and address.startswith("http://"):
        return "It must begin with https://: Smile's v3 API takes no other address."
    return problem_with_address(address, settings)


def has_partner_of_v3(settings: Settings) -> bool:
    try:
        forms_of(settings.smile_partner_id)
    except InvalidRequest:
        return False
    return True


def field_of(product: Product) -> str:
    return f"api_{product}"
