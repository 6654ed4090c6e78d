"""Attacks with webhooks of v3, whose pair is in the headers, and with requests that mix both generations.

They are rows 1 to 5 and 12 of the threat model for v3. What only v3 has comes last: ids of Smile that an attacker wants
to have bound to a job whose id at Smile is not known here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dashboard.callbacks.models import Verdict
from dashboard.jobs.submitting.markers import MARKER
from tests.factories.attacks import (
    BASE64_VARIANTS,
    FOREIGN_KEY,
    OLD_KEY,
    RETIRED_KEY,
    YEARS,
    Attack,
    Forger,
    iso,
)
from tests.factories.callbacks import API_KEY, PARTNER_ID, encode, make_v3_payload, sign

SHORT_PARTNER_ID = PARTNER_ID.lstrip("0")
#: Spellings that a header can hold.
IN_HEADERS = (*BASE64_VARIANTS[:2], BASE64_VARIANTS[-1])
DECISIONS = (("clear", None), ("block", "high_risk"), ("attention", "medium_risk"), ("error", "internal_error"))


@dataclass(frozen=True)
class Intent:
    """Our job, which Smile may have under an id that we do not know."""

    row_id: str
    door: str
    marker: str
    user_id: str


@dataclass(frozen=True)
class V3Targets:
    """What can be attacked. `approved`: ids of jobs that Smile approved, of other users and with markers of their own.

    `early`: such ids of the users of `late`, made before those were about to be sent.
    """

    known: list[str]  # ids of Smile, of our jobs of v3
    intents: list[Intent]
    approved: list[str]
    late: list[Intent]
    early: dict[str, str]  # by user id


class V3Forger(Forger):
    targets: V3Targets

    def body(self, job_id: str, **changes: Any) -> bytes:
        status, reason = self.chance.choice(DECISIONS)
        text = f"{self.chance.random()}"
        values = {"status": status, "reason": reason, "message": text, "job_id": job_id, "user_id": self.user()}
        return encode(make_v3_payload(**(values | changes)))

    def user(self) -> str:
        return f"user-{self.chance.randint(1, 9)}"

    def known(self) -> str:
        return self.chance.choice(self.targets.known)

    def headers(
        self, offset: float = 0, spread: float = 60, key: str = API_KEY, partner_id: str = ""
    ) -> dict[str, str]:
        timestamp = iso(self.moment(offset, spread))
        partner_id = partner_id or self.chance.choice((SHORT_PARTNER_ID, PARTNER_ID))
        return {"Response-Signature": sign(timestamp, key, partner_id), "Response-Timestamp": timestamp}


def swap_body(forger: V3Forger, name: str) -> Attack:
    headers, job_id = forger.headers(), forger.known()
    return Attack(name, forger.body(job_id), Verdict.REUSED, forger.body(job_id), headers=headers)


def name_another_job(forger: V3Forger, name: str) -> Attack:
    headers = forger.headers()
    first, second = forger.chance.sample(forger.targets.known, 2)
    return Attack(name, forger.body(second), Verdict.VALID, forger.body(first), headers=headers)


def reflect(forger: V3Forger, name: str) -> Attack:
    """Sends back in headers the pair of a request that we sent to v1; requests to v3 are not signed."""
    headers = forger.headers(partner_id=PARTNER_ID)
    return Attack(
        name,
        forger.body(forger.known()),
        Verdict.REFLECTED,
        sent_by_us=headers["Response-Signature"],
        headers=headers,
    )


def let_it_grow_old(forger: V3Forger, name: str) -> Attack:
    age = forger.chance.choice((302, 3600, 86400, forger.chance.uniform(302, YEARS)))
    return Attack(name, forger.body(forger.known()), Verdict.STALE, headers=forger.headers(-age - 32, 0))


def run_ahead(forger: V3Forger, name: str) -> Attack:
    ahead = forger.chance.choice((330, 3600, 86400, forger.chance.uniform(330, YEARS)))
    return Attack(name, forger.body(forger.known()), Verdict.FUTURE, headers=forger.headers(ahead, 0))


def write_base64_otherwise(forger: V3Forger, name: str) -> Attack:
    headers, job_id = forger.headers(), forger.known()
    other = headers | {"Response-Signature": forger.chance.choice(IN_HEADERS)(headers["Response-Signature"])}
    genuine = forger.body(job_id)
    return Attack(name, forger.body(job_id), Verdict.REUSED, genuine, headers=other, genuine_headers=headers)


def sign_with_a_foreign_key(forger: V3Forger, name: str) -> Attack:
    key = forger.chance.choice((FOREIGN_KEY, RETIRED_KEY, "", API_KEY.upper(), PARTNER_ID))
    return Attack(name, forger.body(forger.known()), Verdict.WRONG, headers=forger.headers(key=key))


def replay_after_rotation(forger: V3Forger, name: str) -> Attack:
    headers, job_id = forger.headers(key=OLD_KEY), forger.known()
    return Attack(name, forger.body(job_id), Verdict.REUSED, forger.body(job_id), headers=headers)


def list_signatures(forger: V3Forger, name: str) -> Attack:
    """The header several times, which servers join with commas; one of them is right."""
    headers = forger.headers()
    signature = headers["Response-Signature"]
    joined = forger.chance.choice((f"{signature},{signature}", f"x,{signature}", f"{signature}, ", f",{signature}"))
    return Attack(name, forger.body(forger.known()), Verdict.WRONG, headers=headers | {"Response-Signature": joined})


def sign_the_body_too(forger: V3Forger, name: str) -> Attack:
    """A body with a right pair of v1 behind headers that hold no signature of Smile's: no fallback."""
    timestamp, signature = forger.pair()
    headers, right = forger.chance.choice(
        (
            ({"Response-Signature": sign(timestamp, FOREIGN_KEY), "Response-Timestamp": timestamp}, Verdict.WRONG),
            ({"Response-Signature": "", "Response-Timestamp": timestamp}, Verdict.MISSING),
            ({"Response-Signature": signature}, Verdict.MISSING),
        )
    )
    payload = forger.payload(timestamp, signature, forger.job())
    if forger.chance.random() < 0.5:
        payload |= {"status": "clear", "job_id": forger.known()}
    return Attack(name, encode(payload), right, headers=headers)


def be_of_both_generations(forger: V3Forger, name: str) -> Attack:
    """Rightly signed in headers, with a body of either shape in one and a copied pair inside."""
    timestamp, signature = forger.pair()
    job_id = forger.job()
    genuine = forger.payload(timestamp, signature, job_id)
    headers = {"Response-Signature": signature, "Response-Timestamp": timestamp}
    mixed = genuine | {"status": "clear", "job_id": forger.known(), "ResultText": f"{forger.chance.random()}"}
    return Attack(name, encode(mixed), Verdict.REUSED, encode(genuine), headers=headers, genuine_headers={})


def move_pair_into_headers(forger: V3Forger, name: str) -> Attack:
    """The pair of a callback of v1, in the headers of a webhook about a job of v3: no alarm, but no claim either."""
    timestamp, signature = forger.pair()
    genuine = encode(forger.payload(timestamp, signature, forger.job()))
    headers = {"Response-Signature": signature, "Response-Timestamp": timestamp}
    return Attack(name, forger.body(forger.known()), Verdict.VALID, genuine, headers=headers, genuine_headers={})


def move_pair_into_body(forger: V3Forger, name: str) -> Attack:
    """And back. v1 signs the partner id with its zeros, so the other form is no signature there."""
    is_padded = forger.chance.random() < 0.5
    headers = forger.headers(partner_id=PARTNER_ID if is_padded else SHORT_PARTNER_ID)
    forged = forger.payload(headers["Response-Timestamp"], headers["Response-Signature"], forger.job())
    right = Verdict.VALID if is_padded else Verdict.WRONG
    return Attack(name, encode(forged), right, forger.body(forger.known()), headers={}, genuine_headers=headers)


def offer_approved_job(forger: V3Forger, name: str) -> Attack:
    """The webhook of an approved job of somebody else, at the address of a job whose id is open."""
    intent = forger.chance.choice(forger.targets.intents)
    marker = forger.chance.choice((intent.marker, "of-another-job", ""))
    body = forger.body(
        forger.chance.choice(forger.targets.approved),
        status="clear",
        reason=None,
        user_id=intent.user_id,
        partner_params={MARKER: marker},
    )
    return Attack(name, body, Verdict.VALID, headers=forger.headers(), path=intent.door, intent=intent.row_id)


def replay_marker(forger: V3Forger, name: str) -> Attack:
    """The marker of one open job at the address of another one, with any approved id."""
    first, second = forger.chance.sample(forger.targets.intents, 2)
    ids = [*forger.targets.approved, *forger.targets.early.values()]
    body = forger.body(
        forger.chance.choice(ids), status="clear", user_id=second.user_id, partner_params={MARKER: first.marker}
    )
    return Attack(name, body, Verdict.VALID, headers=forger.headers(), path=second.door, intent=second.row_id)


def offer_known_job(forger: V3Forger, name: str) -> Attack:
    """An id that another job here has. It belongs to neither of the two."""
    intent = forger.chance.choice(forger.targets.intents)
    body = forger.body(forger.known(), user_id=intent.user_id, partner_params={MARKER: intent.marker})
    return Attack(name, body, Verdict.VALID, headers=forger.headers(), path=intent.door, intent=intent.row_id)


def offer_earlier_job(forger: V3Forger, name: str) -> Attack:
    """An approved job of the same user, with the right marker, that is older than the open job."""
    intent = forger.chance.choice(forger.targets.late)
    early = forger.targets.early[intent.user_id]
    body = forger.body(early, status="clear", user_id=intent.user_id, partner_params={MARKER: intent.marker})
    return Attack(name, body, Verdict.VALID, headers=forger.headers(), path=intent.door, intent=intent.row_id)


V3_CLASSES: dict[str, Callable[[Any, str], Attack]] = {
    "v3 body swapped": swap_body,
    "v3 other job": name_another_job,
    "v3 reflected": reflect,
    "v3 stale": let_it_grow_old,
    "v3 future": run_ahead,
    "v3 base64 variants": write_base64_otherwise,
    "v3 other key": sign_with_a_foreign_key,
    "v3 replay after rotation": replay_after_rotation,
    "v3 several signatures": list_signatures,
    "signed body behind v3 headers": sign_the_body_too,
    "both generations in one": be_of_both_generations,
    "v1 pair as v3 header": move_pair_into_headers,
    "v3 pair in v1 body": move_pair_into_body,
    "approved job for an open one": offer_approved_job,
    "marker on another job": replay_marker,
    "known id for an open one": offer_known_job,
    "earlier job for an open one": offer_earlier_job,
}
