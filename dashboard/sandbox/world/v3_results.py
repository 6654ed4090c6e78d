"""The body of a webhook of v3, which is also that of an answer at once."""

from datetime import UTC, datetime

from dashboard.sandbox.fields import Json
from dashboard.sandbox.settings import SandboxSettings
from dashboard.sandbox.signatures import iso
from dashboard.sandbox.world.store import Job
from dashboard.sandbox.world.v3_decisions import SCREENINGS, Verdict

_FAILED = "Verification failed"
#: Reason -> message; other reasons have that of their decision.
MESSAGES = {
    "identifier_not_found": f"{_FAILED}: Unable to validate ID - Not Found",
    "age_requirement_not_met": f"{_FAILED}: Customer must be above 18",
    "invalid_id_number": f"{_FAILED}: invalid id number",
    "service_unavailable": "Error: external service unavailable.",
    "image_unavailable_or_invalid": "Error: selfie_image image(s) are unusable.",
    "document_unclassifiable": "Error: document could not be classified.",
    "aml_match_found": "Screening completed: potential matches identified.",
    "news_media_match": "Screening completed: news media identified only.",
}
OF_DECISION = {
    "clear": "Verification successful",
    "attention": "Verification successful",
    "block": _FAILED,
    "error": "Error: verification could not be completed at this time.",
}
DOCUMENTS = frozenset({"document_verification", "enhanced_document_verification", "residency_document_verification"})
_WITHOUT_DATA = ("block", "error")
_PARAMS_OF_THE_SERVER = frozenset({"_sandbox_v3", "job_id", "job_type", "user_id"})


def message(product: str, found: Verdict) -> str:
    """The sentence of a result."""
    if product in SCREENINGS and found.decision == "clear":
        return "Screening completed: no matches found."
    text = MESSAGES.get(found.reason, OF_DECISION[found.decision])
    return text.replace("Verification", "Enrollment") if product == "smart_selfie_registration" else text


def result_body(job: Job, found: Verdict, image_links: Json, settings: SandboxSettings) -> Json:
    """The result of a job, without signature.

    image_links: addresses of its images, by name.

    https://github.com/smileidentity/api-reference
    """
    given, product = job.id_info, job.product
    has_data = found.decision not in _WITHOUT_DATA
    params = {name: value for name, value in job.partner_params.items() if name not in _PARAMS_OF_THE_SERVER}
    details = given.get("user_details") or {}
    names = ("given_names", "last_name", "email", "phone_number")
    body: Json = {
        "status": found.decision,
        "message": message(product, found),
        "reason": found.reason or None,
        "product": product,
        "created_at": iso(datetime.fromtimestamp(job.created_at, UTC)),
        "completed_at": iso(datetime.now(UTC)),
        "partner_params": params or None,
        "kyc_receipt": None if found.decision == "error" else _receipt(job, settings),
        "user_provided_info": {name: details.get(name) for name in names},
        "consent": {**(given.get("consent") or {}), "schema_version": "ISO27560-v1"},
        "antifraud": None if found.decision == "error" else _antifraud(found),
        "device_signals": None,
    }
    if product in SCREENINGS:
        # The ids travel in the headers; the specification's schema of these bodies has none.
        return body | _screening(job, found)
    if settings.v3_ids_in_bodies:
        body |= {"job_id": job.job_id, "user_id": job.user_id}
    body["id_fields"] = _id_fields(given) if has_data and "country" in given else None
    if image_links:
        body["image_links"] = image_links
    if product == "residency_document_verification":
        body["additional_documents"] = [_visa(job, given)] if has_data else []
    return body


def contradicted_body(entry: Json) -> Json:
    """The opposite of a result, as a lying webhook claims it."""
    if entry["status"] == "clear":
        found = Verdict("block", "high_risk")
        return entry | {"status": "block", "reason": "high_risk", "message": message(entry["product"], found)}
    return entry | {"status": "clear", "reason": None, "message": message(entry["product"], Verdict("clear", ""))}


def _receipt(job: Job, settings: SandboxSettings) -> str:
    path = f"api/v3/{settings.partner_id}/job_result_summary/{job.job_id}/generate_v3_pdf/test"
    return f"{job.base_url}/{path}"


def _antifraud(found: Verdict) -> Json:
    score = {"clear": 4, "attention": 45}.get(found.decision, 90)
    level = {4: "low", 45: "medium"}.get(score, "high")
    risk = {"risk_level": level, "risk_score": score}
    return {"fraud_risk": risk, "smile_secure": {}, "summary": {"fraud_detected": found.reason == "high_risk"}}


def _id_fields(given: Json) -> Json:
    details = given.get("user_details") or {}
    first, last = str(details.get("given_names") or "").upper(), str(details.get("last_name") or "").upper()
    return {
        "country": given["country"],
        "id_type": given.get("id_type") or "IDENTITY_CARD",
        "first_name": first.partition(" ")[0],
        "other_names": first.partition(" ")[2],
        "last_name": last,
        "full_name": f"{first} {last}",
        "id_number": given.get("id_number") or "00000000000",
        "date_of_birth": "1990-01-01",
        "gender": "F",
        "issuance_date": "2020-01-01",
        "expiration_date": "2030-01-01",
        "address": None,
        "photo_url": None,
        "document_link": None,
    }


def _screening(job: Job, found: Verdict) -> Json:
    people: list[Json] = []
    if found.reason in ("aml_match_found", "news_media_match"):
        is_match = found.reason == "aml_match_found"
        people = [
            {
                "name": str(job.id_info.get("full_name") or ""),
                "addresses": [],
                "aliases": [],
                "associations": [],
                "dates_of_birth": ["1970"],
                "enforcement_actions": [],
                "nationalities": list(job.id_info.get("countries") or []),
                "sanctions": [{"list": "OFAC SDN"}] if is_match else [],
                "pep": {"pep_level": 1 if is_match else None, "political_positions": [], "sources": []},
                "news_summary": [
                    {
                        "news_category": "financial_crime",
                        "news_category_label": "Financial crime",
                        "number_of_articles": 3,
                    }
                ],
            }
        ]
        if job.product == "aml_monitoring":
            people[0]["ref"] = reference_of(job)
    strict_match = job.id_info.get("strict_match")
    return {
        "strict_match": True if strict_match is None else strict_match,
        "no_of_persons_found": len(people),
        "people": people,
    }


def reference_of(job: Job) -> str:
    """The reference of the person that a monitoring job found."""
    return f"ref-{job.job_id[-12:]}"


def _visa(job: Job, given: Json) -> Json:
    return {
        "image_link": f"{job.base_url}/images/{job.job_id}/visa",
        "full_name": _id_fields(given)["full_name"],
        "id_number": "V00000000",
        "issued_at": given["country"],
        "issuance_date": "2025-01-01",
        "expiry": {"expiry_date": "2027-01-01", "expiry_period_in_months": 24},
        "conditions": [],
        "no_of_entries": "multiple",
        "document_primary_id": given.get("id_number") or "A00000000",
    }
