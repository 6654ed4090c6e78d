"""What Smile answers about a job, in the simulator's shapes, with the job's own customer in it.

The simulator makes each kind of answer once, with holes where the customer belongs; `Answers.make` fills them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple

from dashboard.callbacks.receiving.parsing import Facts, Pair, read_facts, with_folded_ids
from dashboard.jobs.following.outcome import (
    StatusAnswer,
    digest_of_payload,
    lasting_text,
    read_claim,
    read_job_status,
    read_result,
)
from dashboard.jobs.following.v3_answers import read_v3
from dashboard.jobs.products import FACTS, Product
from dashboard.sandbox.world.envelope import envelope
from dashboard.sandbox.world.outcomes import ProgressStep, steps_for
from dashboard.sandbox.world.portrait import PORTRAIT_BASE64
from dashboard.sandbox.world.store import Job as SimulatedJob
from dashboard.sandbox.world.warnings import SMILE_SECURE, WARNINGS
from dashboard.seeding.company import Brief
from dashboard.seeding.customers import Customer
from dashboard.seeding.forms import Form, Json, hole
from dashboard.seeding.moments import SECOND, datetime_of, spelled
from dashboard.seeding.v3_answers import v3_entry
from dashboard.smile.constants import NOT_AVAILABLE, SmileApi
from dashboard.smile.typed import number_key
from dashboard.smile.warnings import SmileWarning, warnings_in

#: One answer in so many holds the authority's photo; with all of them a million jobs would take twice the room.
WITH_PHOTO = 20
#: A code that no document names: such a job goes to a person.
UNDOCUMENTED = "0899"
NUMBER = hole("digits")
KEY_OF_NUMBER = number_key(NUMBER)


class Ending(StrEnum):
    """What becomes of a job that Smile decides on. Each value is what the simulator is told to answer."""

    APPROVED = "0"
    REJECTED = "1"
    REVIEWED = "2"  # provisional first; for Basic KYC a partial match
    NOT_FOUND = "number 1"
    BAD_FORMAT = "number 2"
    AUTHORITY_DOWN = "number 3"
    UNDOCUMENTED = "undocumented"


class Kind(NamedTuple):
    """What the shape of an answer depends on. Without a step it is Smile Secure's search for suspects."""

    product: Product
    ending: Ending | None
    step: int
    is_at_once: bool
    has_device: bool
    warnings: tuple[str, ...]
    users: tuple[str, ...]  # that the warnings name
    api: SmileApi = SmileApi.V1


@dataclass(frozen=True)
class AnswerForm:
    """One kind of answer. The readings and warnings do not depend on the customer."""

    text: Form
    lasting: Form
    facts: Facts
    search: Form
    is_decisive: bool  # not only the ID step
    is_after_review: bool
    warnings: Sequence[SmileWarning]
    confirmed: StatusAnswer
    claimed: StatusAnswer

    @classmethod
    def of(cls, kind: Kind, entry: dict[str, Any], step: ProgressStep | None, today: date) -> "AnswerForm":
        facts = read_facts(entry)
        confirmed, claimed = _readings(kind, step, entry)
        return cls(
            Form(json.dumps(entry, separators=(",", ":"))),
            Form(lasting_text(entry)),
            facts,
            Form(facts.search_text),
            step is None or step.outcome != "step",
            step is not None and step.after_review,
            warnings_in(entry, today),
            confirmed,
            claimed,
        )


class Answer(NamedTuple):
    """One answer about one job. `text` is its JSON."""

    form: AnswerForm
    values: Mapping[str, str]
    text: Json

    @property
    def digest(self) -> str:
        return digest_of_payload(self.form.lasting.fill(self.values))

    def signed(self, timestamp: str, signature: str) -> str:
        """The body of a callback."""
        return f'{self.text[:-1]},"timestamp":"{timestamp}","signature":"{signature}"}}'

    def facts(self, timestamp: str, signature: str) -> Facts:
        """What the receiver reads in that body."""
        values, facts = self.values, self.form.facts
        ids = [values["job_id"], values["user_id"], values["smile_job_id"]]
        number = number_key(values["digits"]) if facts.id_number == KEY_OF_NUMBER else facts.id_number
        return facts._replace(
            pair=Pair(timestamp, signature, has_signature=True),
            job_id=ids[0],
            smile_job_id=ids[2],
            country=values["country"] if facts.country else None,
            id_type=values["id_type"] if facts.id_type else None,
            id_number=number,
            search_text=with_folded_ids(self.form.search.fill(values).lower(), ids),
        )


class Answers:
    """The kinds of answers that were made so far."""

    def __init__(self) -> None:
        self._forms: dict[Kind, AnswerForm] = {}

    def values(self, brief: Brief, customer: Customer) -> dict[str, str]:
        """What fills the holes."""
        person, year = customer.person, datetime_of(brief.at).year
        return {
            "job_id": brief.job_id,
            "user_id": customer.user_id,
            "smile_job_id": customer.smile_job_id,
            "device": customer.device,
            "country": brief.country,
            "id_type": brief.id_type,
            "photo": NOT_AVAILABLE if brief.bits % WITH_PHOTO else PORTRAIT_BASE64,
            "digits": customer.id_number,
            "first_name": person.first_name,
            "last_name": person.last_name,
            "born": person.born,
            "gender": "Female" if person.gender == "F" else "Male",
            "phone": person.phone,
            "address": person.address,
            "full_name": person.name.upper(),
            "email": customer.email,
            "asked_at": f"{spelled(brief.at)}Z",
            "told_at": f"{spelled(brief.at + 2 * SECOND)}Z",
            "issued": f"{year - 2}-03-11",
            "expires": f"{year + 8}-03-10",
        }

    def make(
        self,
        brief: Brief,
        values: Mapping[str, str],
        ending: Ending | None,
        step: int = 0,
        warnings: tuple[str, ...] = (),
        users: tuple[str, ...] = (),
    ) -> Answer:
        """Fills an answer: one of those that lead to this ending, or Smile Secure's, which found nobody."""
        has_device = bool(values["device"])
        kind = Kind(brief.product, ending, step, brief.is_answered_at_once, has_device, warnings, users, brief.api)
        form = self._forms.get(kind)
        if form is None:
            form = self._forms[kind] = _make_form(kind, brief)
        return Answer(form, values, form.text.fill(values))


@cache
def steps_of(product: Product, ending: Ending) -> Sequence[ProgressStep]:
    """The results that a job gets, in order."""
    has_number = FACTS[product].asks_id_number
    if ending == Ending.UNDOCUMENTED:
        last = steps_of(product, Ending.APPROVED)[-1]
        return (replace(last, code=UNDOCUMENTED, text="Under Further Assessment"),)
    if ending.startswith("number "):
        if has_number:
            return tuple(steps_for(product, {}, {"id_number": ending[-1]}, "0"))
        ending = Ending.REJECTED if ending == Ending.NOT_FOUND else Ending.APPROVED
    id_info = {"id_number": "9"} if has_number else {}
    return tuple(steps_for(product, {"sandbox_result": ending.value}, id_info, "0"))


def _make_form(kind: Kind, brief: Brief) -> AnswerForm:
    today = datetime_of(brief.at).date()
    device = {"device": hole("device")} if kind.has_device else {}
    ids = {"user_id": hole("user_id"), "job_id": hole("job_id"), "job_type": int(FACTS[kind.product].job_type)}
    if kind.ending is None:
        return AnswerForm.of(kind, _suspect_search(device | ids), None, today)
    step = steps_of(kind.product, kind.ending)[kind.step]
    if kind.api == SmileApi.V3:
        entry = v3_entry(kind.product, kind.ending.name, int(FACTS[kind.product].job_type))
        return AnswerForm.of(kind, entry, step, today)
    entry = _entry(kind, device | ids, step)
    for name in kind.warnings:
        more = WARNINGS[name](list(kind.users))
        entry |= more | {"Actions": entry["Actions"] | more.get("Actions", {})}
    return AnswerForm.of(kind, entry, step, today)


def _entry(kind: Kind, params: dict[str, Any], step: ProgressStep) -> dict[str, Any]:
    id_info = {
        "country": hole("country"),
        "id_type": hole("id_type"),
        "id_number": NUMBER if FACTS[kind.product].id_type_list else "",
        "first_name": hole("first_name"),
        "dob": hole("born"),
        "gender": hole("gender"),
        "phone_number": hole("phone"),
    }
    job = SimulatedJob(
        hole("job_id"),
        hole("user_id"),
        params["job_type"],
        kind.product,
        params,
        hole("smile_job_id"),
        "",
        id_info=id_info,
        zips=0 if kind.is_at_once else 1,
    )
    entry = envelope(job, step, {}, f"https://portal.example.com/receipts/{hole('smile_job_id')}.pdf", None)
    if entry.get("FullName", NOT_AVAILABLE) != NOT_AVAILABLE:
        entry |= {
            "FullName": f"{hole('first_name')} {hole('last_name')}",
            "DOB": hole("born"),
            "Gender": hole("gender"),
            "Address": hole("address"),
            "PhoneNumber": hole("phone"),
        }
        if "IssuanceDate" in entry:
            names = {"FirstName": hole("first_name"), "LastName": hole("last_name")}
            valid = {"IssuanceDate": hole("issued"), "ExpirationDate": hole("expires")}
            entry |= names | valid | {"IDNumber": NUMBER}
        elif "FullData" in entry:
            entry["FullData"] = {"surname": hole("last_name"), "given_names": hole("first_name")}
        if "Photo" in entry:
            entry["Photo"] = hole("photo")
    return entry


def _suspect_search(params: dict[str, Any]) -> dict[str, Any]:
    """Smile Secure's separate callback, which found nobody."""
    code, text = SMILE_SECURE["none"]
    return {
        "Antifraud": {"SuspectUsers": []},
        "PartnerParams": params,
        "ResultCode": code,
        "ResultText": text,
        "SmileJobID": hole("smile_job_id"),
    }


def _readings(kind: Kind, step: ProgressStep | None, entry: dict[str, Any]) -> tuple[StatusAnswer, StatusAnswer]:
    """How an answer to our own request is read, and how a callback is."""
    if kind.api == SmileApi.V3:
        return read_v3(entry), read_v3(entry)
    job_type = int(FACTS[kind.product].job_type)
    claimed = read_claim(entry, job_type)
    if kind.is_at_once or step is None:
        return read_result(entry, job_type), claimed
    success = step.outcome == "approved" and step.code != UNDOCUMENTED
    answer = {"job_complete": True, "job_success": success, "code": "2302", "result": entry}
    return read_job_status(answer, job_type) or claimed, claimed
