"""What is known about a job of v3: what Smile confirmed and, apart from it, what a webhook claims.

/v3/status gives the decision and nothing else. Reasons, details, links and signs of fraud come in webhooks, whose
signature does not cover them. Only an answer at once has them in an answer to our own request.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.jobs.following.outcome import contradicts, deciding_answer
from dashboard.jobs.models import Job, Outcome, Result, ResultSource
from dashboard.jobs.showing.comparison import Compared, compare, is_compared_at_smile
from dashboard.jobs.showing.result_words import quote_smile
from dashboard.jobs.showing.v3_words import reason_sentence
from dashboard.smile.constants import SmileApi
from dashboard.smile.results import flag_of, words_of
from dashboard.smile.v3.answers import table

#: Addresses of images and documents: they are named, and neither fetched nor made into links.
LINKED_FIELDS = ("photo_url", "document_link")
MOST_SHOWN = 30
IS_WHOLE = "Smile answered our own request with the decision, its reason and the details, so all of it is confirmed."
IS_DECIDED = (
    "Smile confirmed the decision. It did not confirm the reason, the details or the signs of fraud: those come only "
    "in a webhook, and its signature does not cover them."
)
IS_CONTRADICTED = "Smile confirmed another decision than the webhook claims, so do not rely on anything in the webhook."
IS_WITHOUT_CLAIM = (
    "Smile confirmed the decision. The reason and the details come only in a webhook, and none has come yet."
)
IS_ONLY_CLAIMED = (
    "Smile has confirmed nothing yet. What the webhook claims counts only once Smile confirms the decision."
)


@dataclass(frozen=True)
class Told:
    """What one answer or webhook says besides its decision. `fraud`: each sign with its words."""

    result: Result
    reason: str
    compared: Sequence[Compared]
    details: Mapping[str, str]
    links: Sequence[str]
    fraud: Mapping[str, str]


@dataclass(frozen=True)
class Evidence:
    """`confirmed`: the answer that decides; `whole` is that answer where it has more than the decision."""

    sentence: str
    confirmed: Result | None
    whole: Told | None
    claim: Told | None


def evidence_of(
    job: Job, results: Sequence[tuple[Result, dict[str, Any]]], given: Mapping[str, Any], claim: Result | None
) -> Evidence | None:
    """The evidence of a job of v3. None for one of v1, whose answers say everything, and while nothing is known."""
    rows = [result for result, _ in results]
    confirmed = deciding_answer([row for row in rows if row.is_confirmed], job.job_type)
    if job.api == SmileApi.V1 or not (confirmed or claim):
        return None
    payloads = {result.id: payload for result, payload in results}
    is_whole = confirmed is not None and confirmed.source == ResultSource.SUBMIT
    return Evidence(
        _sentence(job, rows, confirmed, claim, is_whole),
        confirmed,
        _told(confirmed, payloads[confirmed.id], given) if confirmed and is_whole else None,
        _told(claim, payloads[claim.id], given) if claim else None,
    )


def _sentence(
    job: Job, results: Sequence[Result], confirmed: Result | None, claim: Result | None, is_whole: bool
) -> str:
    if confirmed is None:
        return IS_ONLY_CLAIMED
    if claim and contradicts(claim, [result for result in results if result.is_confirmed], job.job_type):
        return IS_CONTRADICTED
    if is_whole:
        return IS_WHOLE
    return IS_DECIDED if claim else IS_WITHOUT_CLAIM


def _told(result: Result, payload: dict[str, Any], given: Mapping[str, Any]) -> Told:
    fields = table(payload, "id_fields")
    links = [*(name for name in LINKED_FIELDS if fields.get(name)), *table(payload, "image_links")]
    if payload.get("kyc_receipt"):
        links.append("kyc_receipt")
    return Told(
        result,
        reason_words(result.outcome, result.result_code, result.result_text, is_confirmed=result.is_confirmed),
        compare(given, payload) if fields else (),
        dict(list(_other_details(fields))[:MOST_SHOWN]),
        [name for each in links[:MOST_SHOWN] if (name := words_of(each))],
        dict(_signs_of_fraud(table(payload, "antifraud"), has_device=bool(payload.get("device_signals")))),
    )


def reason_words(outcome: Outcome | None, code: str | None, text: str | None, *, is_confirmed: bool) -> str:
    """The reason in words, with the sentence beside it where there is one."""
    said = f"{quote_smile(text)}." if text and is_confirmed else f"It says: “{text}”." if text else ""
    if not code:
        first = "No reason is given." if outcome not in (None, Outcome.APPROVED) else ""
    else:
        first = reason_sentence(code) or f"The reason “{code}” is not documented, so a person has to look at it."
    return f"{first} {said}".strip()


def _other_details(fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The details that are not in the table of given and returned ones."""
    for name, value in fields.items():
        words = words_of(value)
        if words and name not in LINKED_FIELDS and not is_compared_at_smile(name):
            yield words_of(name) or "", words


def _signs_of_fraud(antifraud: Mapping[str, Any], *, has_device: bool) -> Iterator[tuple[str, str]]:
    """Both documented shapes. https://github.com/smileidentity/api-reference"""
    risk = table(antifraud, "fraud_risk")
    level = words_of(risk.get("risk_level") or antifraud.get("fraud_risk_level"))
    score = risk.get("risk_score", antifraud.get("fraud_risk_score"))
    if level or _is_number(score):
        parts = [level or "not rated", f"score {score:g} of 100" if _is_number(score) else ""]
        yield "Risk of fraud", ", ".join(filter(None, parts))
    detected = flag_of(table(antifraud, "summary").get("fraud_detected"))
    if detected is not None:
        yield "Fraud detected", "yes" if detected else "no"
    groups = antifraud.get("fraud_risk_indicator_groups")
    if isinstance(groups, list) and groups:
        named = [words for each in groups[:MOST_SHOWN] if isinstance(each, str) and (words := words_of(each))]
        yield "Because of", ", ".join(named).replace("_", " ")
    if has_device:
        yield "Device", "data about it is in the results below"


def _is_number(score: Any) -> bool:
    return isinstance(score, int | float) and not isinstance(score, bool)
