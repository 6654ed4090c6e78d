"""Screenings (AML) and addresses: submissions without images."""

from datetime import UTC, datetime, timedelta

from flask import Blueprint, Response, jsonify, request

from dashboard.sandbox.fields import Json
from dashboard.sandbox.signatures import iso
from dashboard.sandbox.state import current
from dashboard.sandbox.v3 import checks, processing
from dashboard.sandbox.v3.refusals import Refused, answer_refusals, invalid, missing
from dashboard.sandbox.v3.submissions import Submission, enrolled_record, make_job
from dashboard.sandbox.v3.tokens import caller
from dashboard.sandbox.world.v3_results import reference_of
from dashboard.smile.v3 import constants

screening_v3 = Blueprint("v3_screening", __name__)
answer_refusals(screening_v3)

SUBMITTED = "Job submitted successfully"
NEWS_COUNT = 30


@screening_v3.post("/v3/aml")
def one_time() -> Response:
    """POST /v3/aml: screen a person once.

    Takes the parts `countries`, `full_name`, `birth_year`, `strict_match`, `aliases`, `search_existing_user` and those
    that all submissions have. Returns 202 with `status`, `message`, `job_id` and `user_id`.
    Raises Refused (400, 401, 402, 403, 404, 413, 415).

    https://github.com/smileidentity/api-reference
    """
    return _submit("one_time_aml")


@screening_v3.post("/v3/aml/monitoring")
def monitoring() -> Response:
    """POST /v3/aml/monitoring: screen a person, and again from then on.

    Takes the parts and returns the fields of `one_time`; with `search_existing_user` the name may be left out.
    Raises Refused (400, 401, 402, 403, 404, 413, 415).

    https://github.com/smileidentity/api-reference
    """
    return _submit("aml_monitoring")


@screening_v3.post("/v3/address")
def address() -> Response:
    """POST /v3/address: compare an address with the authority's.

    Takes the parts `address`, `country` (NG or ZA), `id_number` or `utility_number`, `utility_provider` and
    `utility_type`, and those that all submissions have. Returns the fields of `one_time`.
    Raises Refused (400, 401, 402, 403, 413, 415).

    https://github.com/smileidentity/api-reference
    """
    job = make_job("address_verification", _check_address)
    processing.work_later(job)
    return processing.accepted(job, SUBMITTED, says_when=False)


@screening_v3.get("/v3/aml/monitoring/<job_id>/news/<reference>")
def news(job_id: str, reference: str) -> Response:
    """GET /v3/aml/monitoring/<job_id>/news/<reference>: the news about a person that monitoring found.

    Takes `news_category`, `page` and `limit`. Returns `job_id`, `product`, `user_id`, `meta` and `news`, whose
    `published_date` is ISO 8601.
    Raises Refused (400, 401, 404).

    https://github.com/smileidentity/api-reference
    """
    caller()
    category = request.args.get("news_category", "")
    if not category:
        raise Refused(400, "news_category is required")
    if category not in constants.NEWS_CATEGORIES:
        raise invalid("news_category")
    page, limit = _between("page", 1), _between("limit", 25)
    job = current().store.jobs.get(job_id)
    if job is None or job.product != "aml_monitoring":
        raise Refused(404, "No AML job found for this partner")
    if reference != reference_of(job) or not job.result.get("people"):
        raise Refused(404, "REF not found for this AML job")
    count = NEWS_COUNT if category == "financial_crime" else 0
    numbers = range((page - 1) * limit, min(page * limit, count))
    return jsonify(
        {
            "job_id": job.job_id,
            "product": "aml_monitoring_news",
            "user_id": job.user_id,
            "meta": {"current_page": page, "limit": limit, "total_count": count},
            "news": [_article(number) for number in numbers],
        }
    )


def check_screening(made: Submission) -> None:
    """The rules of a screening. Raises Refused (400, 404)."""
    parts, given = made.parts, made.given
    existing = parts.flag("search_existing_user")
    given["strict_match"] = parts.flag("strict_match")
    countries = parts.json("countries")
    if not isinstance(countries, list) or not countries or not all(_is_country(each) for each in countries):
        raise missing("countries")
    given["countries"] = countries
    given["full_name"] = parts.text("full_name")
    _check_birth_year(made)
    _check_aliases(made)
    if existing:
        if not made.user_id:
            text = "Required field 'user_id' is missing or invalid when search_existing_user is true."
            raise Refused(400, text)
        if not (record := enrolled_record(made.user_id)):
            raise Refused(404, "No prior KYC record with a usable name and country was found for this user.")
        details = record.get("user_details") or {}
        if made.product == "aml_monitoring":
            given["full_name"] = given["full_name"] or f"{details.get('given_names')} {details.get('last_name')}"
    if not given["full_name"]:
        raise missing("full_name")


def _submit(product: str) -> Response:
    job = make_job(product, check_screening)
    processing.work_later(job)
    return processing.accepted(job, SUBMITTED, says_when=False)


def _check_birth_year(made: Submission) -> None:
    text = made.parts.text("birth_year")
    if not text:
        return
    is_year = len(text) == 4 and text.isascii() and text.isdigit() and 1000 <= int(text) <= datetime.now(UTC).year
    if not is_year:
        monitors = made.product == "aml_monitoring"
        raise Refused(400, "Field 'birth_year' must be a four digit year.") if monitors else invalid("birth_year")
    made.given["birth_year"] = int(text)


def _check_aliases(made: Submission) -> None:
    aliases = made.parts.json("aliases")
    if aliases is None:
        return
    if not isinstance(aliases, list) or not all(isinstance(each, str) for each in aliases):
        raise invalid("aliases")
    if len(aliases) > constants.MOST_ALIASES:
        raise Refused(400, "Field 'aliases' must contain at most 20 entries.")
    if any(len(each) > constants.LONGEST_ALIAS for each in aliases):
        raise Refused(400, "Field 'aliases' entries must be at most 256 characters.")
    made.given["aliases"] = aliases


def _check_address(made: Submission) -> None:
    text, country = made.needed("address"), made.needed("country")
    if len(text) > constants.LONGEST_ADDRESS:
        raise missing("address")
    checks.choice(country, constants.ADDRESS_COUNTRIES, Refused(400, "Field 'country' must be one of NG, ZA."))
    made.given |= {"address": text, "country": country}
    number, utility = made.text("id_number"), made.parts.text("utility_number")
    if not number and not utility:
        raise Refused(400, "Either 'id_number' or 'utility_number' is required.")
    if country == "ZA":
        made.given["id_number"] = made.needed("id_number")
        return
    for name in ("utility_number", "utility_provider"):
        made.given[name] = made.needed(name)
    checks.choice(made.needed("utility_type"), constants.UTILITY_TYPES, missing("utility_type"))


def _is_country(value: object) -> bool:
    return isinstance(value, str) and len(value) == 2 and value.isascii() and value.isalpha() and value.isupper()


def _between(name: str, default: int) -> int:
    text = request.args.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 4 and 1 <= int(text) <= 100):
        raise invalid(name)
    return int(text)


def _article(number: int) -> Json:
    published = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number)
    return {
        "title": f"Made-up article {number + 1}",
        "body": "Nothing of this has happened.",
        "published_date": iso(published),
        "publisher": "Simulated News",
        "publisher_country_code": "NG",
        "url": f"https://news.example/articles/{number + 1}",
    }
