"""The form of the settings page, parsed into a Branding."""

import re
from collections.abc import Mapping

from dashboard.config import Settings
from dashboard.languages import LANGUAGES
from dashboard.outbound import problem_with_address
from dashboard.settings.api_form import POLICY_IN_USE, POLICY_MISSING, problem_with_policy
from dashboard.stored_settings import Branding
from dashboard.web.pages.form_state import FormState
from dashboard.web.pages.locales import is_zone

COLOR = re.compile(r"#[0-9a-fA-F]{6}")
LONGEST_NAME = 80
LONGEST_PURPOSE = 300
MOST_RETURN_URLS = 20


def branding_form(branding: Branding) -> FormState:
    """The form, filled with the current branding."""
    purposes = {f"purpose_{language}": branding.purposes.get(language, "") for language in LANGUAGES}
    return FormState(
        {
            "company_name": branding.company_name,
            "logo_url": branding.logo_url,
            "theme_color": branding.theme_color,
            "policy_url": branding.policy_url,
            "time_zone": branding.time_zone,
            "return_urls": "\n".join(branding.return_urls),
            **purposes,
        }
    )


def check_branding_form(
    values: Mapping[str, str], settings: Settings, before: Branding, *, uses_v3: bool = False
) -> tuple[FormState, Branding | None]:
    """The form with its errors, and the branding when there are none.

    `before`: the current branding; its logo may stay, and so does its time zone where a program sends none.
    `uses_v3`: whether a product uses Smile's v3 API, which needs the address of the privacy policy.
    """
    form = FormState(values)
    time_zone = form.value("time_zone") or before.time_zone
    return_urls = tuple(dict.fromkeys(form.value("return_urls").split()))
    purposes = {language: " ".join(form.value(f"purpose_{language}").split()) for language in LANGUAGES}
    name, logo_url = form.value("company_name"), "" if form.value("remove_logo") else form.value("logo_url")
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        form.errors["company_name"] = f"Enter 1 to {LONGEST_NAME} characters: customers must know who asks."
    if logo_url and logo_url != before.logo_url and (problem := _problem_with_logo(logo_url, settings)):
        form.errors["logo_url"] = problem
    if not is_zone(time_zone):
        form.errors["time_zone"] = "Choose a time zone from the list."
    if not COLOR.fullmatch(form.value("theme_color")):
        form.errors["theme_color"] = "Enter a colour as # and six hexadecimal digits, such as #0b5d4e."
    if problem := problem_with_policy(form.value("policy_url"), settings, uses_v3=uses_v3):
        form.errors["policy_url"] = POLICY_IN_USE if problem == POLICY_MISSING else problem
    for language, purpose in purposes.items():
        if len(purpose) > LONGEST_PURPOSE:
            form.errors[f"purpose_{language}"] = f"At most {LONGEST_PURPOSE} characters."
    for address in return_urls:
        if problem := problem_with_address(address, settings):
            form.errors["return_urls"] = f"{address[:60]}: {problem}"
    if len(return_urls) > MOST_RETURN_URLS:
        form.errors["return_urls"] = f"At most {MOST_RETURN_URLS} addresses."
    if form.errors:
        return form, None
    return form, Branding(
        company_name=name,
        logo_url=logo_url,
        theme_color=form.value("theme_color").lower(),
        policy_url=form.value("policy_url"),
        purposes={language: purpose for language, purpose in purposes.items() if purpose},
        return_urls=return_urls,
        time_zone=time_zone,
    )


def _problem_with_logo(address: str, settings: Settings) -> str:
    if re.fullmatch(r"/static/[\w./-]+", address) and ".." not in address:
        return ""
    problem = problem_with_address(address, settings)
    return f"{problem} An image on this server, beginning with /static/, works too." if problem else ""
