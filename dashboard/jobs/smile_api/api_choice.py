"""Which generation of Smile's API new jobs and links use, by product; an owner chooses it for each environment."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from dashboard.config import Settings
from dashboard.jobs.products import FACTS, Product
from dashboard.smile.constants import SmileApi
from dashboard.stored_settings import read_branding, read_setting, write_setting

API_CHOICE = "api_choice"


def api_of(session: Session, settings: Settings, product: Product) -> SmileApi:
    """The API that a new job of this product is made with. A product that only one has follows that one."""
    return chosen_apis(session, settings)[product]


def chosen_apis(session: Session, settings: Settings) -> Mapping[Product, SmileApi]:
    """The API of each product in this environment; that of DASHBOARD_SMILE_API where nothing was chosen."""
    stored = (read_setting(session, API_CHOICE) or {}).get(settings.environment, {})
    return {product: _choice(product, stored.get(product, settings.smile_api)) for product in FACTS}


def choose_apis(session: Session, settings: Settings, chosen: Mapping[Product, SmileApi], now: datetime) -> None:
    """Stores the choice for this environment. The caller checks permissions and writes the audit trail."""
    stored = read_setting(session, API_CHOICE) or {}
    choice = {product.value: api.value for product, api in chosen.items()}
    write_setting(session, API_CHOICE, stored | {settings.environment: choice}, now)


def policy_address(session: Session, settings: Settings) -> str:
    """The https address of the company's privacy policy, which the consent of v3 names; empty if there is none."""
    address = read_branding(session, settings).policy_url
    return address if address.startswith("https://") else ""


def _choice(product: Product, stored: object) -> SmileApi:
    apis = FACTS[product].apis
    return next((api for api in apis if api == stored), apis[0])
