"""Forged, replayed and honest callbacks, made by chance from a seed: one list of classes for tests and benchmarks.

The classes are rows 1 to 5 and 12 of the threat model. Each attack knows the verdict that names it rightly.
"""

import base64
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from dashboard.callbacks.models import Verdict
from tests.factories.callbacks import API_KEY, DOOR, PARTNER_ID, encode, make_payload, make_v3_payload, sign

OLD_KEY, RETIRED_KEY, FOREIGN_KEY = "test-api-key-0000", "test-api-key-gone", "key-of-the-other-environment"
#: What the deployment under attack verifies with: the present key, and the one before it.
ACTIVE_KEYS = (API_KEY, OLD_KEY)
RESULTS = (("0810", "Enroll User"), ("0811", "No Face Match"), ("1012", "Valid ID"), ("1013", "Invalid ID"))
YEARS = 10 * 365 * 86400


@dataclass(frozen=True)
class Attack:
    """What is sent, after what an attacker must have seen before: a genuine callback, or a request of ours."""

    name: str
    body: bytes
    right: Verdict
    genuine: bytes | None = None
    sent_by_us: str | None = None  # a signature of our own
    headers: dict[str, str] = field(default_factory=dict)
    genuine_headers: dict[str, str] | None = None  # None: the same
    path: str = DOOR
    intent: str = ""  # the row of the job that an id is to be bound to


@dataclass
class Forger:
    """`jobs` are ids of jobs of ours. No two attacks of one forger share a signature."""

    jobs: list[str]
    seed: int = 1
    chance: random.Random = field(init=False)
    _used: set[int] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def attacks(self, count: int, more: "Classes | None" = None) -> Iterator[Attack]:
        """`count` of them, the classes in turn."""
        classes = [*CLASSES.items(), *(more or {}).items()]
        for number in range(count):
            name, make = classes[number % len(classes)]
            yield make(self, name)

    def honest(self, count: int) -> Iterator[tuple[bytes, dict[str, str]]]:
        """Genuine callbacks in every form that Smile's senders are known to write, of both generations."""
        for number in range(count):
            key = self.chance.choice(ACTIVE_KEYS)
            if number % 2:
                timestamp = iso(self.moment(spread=240))
                signature = sign(timestamp, key, self.chance.choice((PARTNER_ID, PARTNER_ID.lstrip("0"))))
                yield self.webhook(), {"Response-Signature": signature, "Response-Timestamp": timestamp}
            else:
                timestamp, signed = self.chance.choice(FORMS)(self.moment(spread=240))
                yield encode(self.payload(timestamp, sign(signed, key), self.job())), {}

    def webhook(self) -> bytes:
        """The body of a webhook of v3 about some job."""
        return encode(
            make_v3_payload(job_id=f"job_{self.chance.getrandbits(120):030d}", message=f"{self.chance.random()}")
        )

    def moment(self, offset: float = 0, spread: float = 60) -> datetime:
        """About `offset` seconds from now. Never the same millisecond twice: what is signed in one shares a signature.

        Odd seeds take the odd milliseconds and even seeds the even ones, so that two forgers do not meet either.
        """
        while True:
            around = datetime.now(UTC) + timedelta(seconds=offset + self.chance.uniform(-spread, spread))
            millisecond = int(around.timestamp() * 1000) // 2 * 2 + self.seed % 2
            if millisecond not in self._used:
                self._used.add(millisecond)
                return datetime.fromtimestamp(millisecond / 1000, UTC)

    def job(self) -> str:
        return self.chance.choice(self.jobs)

    def payload(self, timestamp: Any, signature: str, job_id: str) -> dict[str, Any]:
        code, text = self.chance.choice(RESULTS)
        name = "".join(self.chance.choices("abcdefghijklmnopqrstuvwxyzéüßñọẹشأ '", k=self.chance.randint(3, 24)))
        return make_payload(
            job_id=job_id, timestamp=timestamp, signature=signature, ResultCode=code, ResultText=text, FullName=name
        )

    def pair(self, offset: float = 0, spread: float = 60, key: str = API_KEY) -> tuple[str, str]:
        timestamp = iso(self.moment(offset, spread))
        return timestamp, sign(timestamp, key)


def iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def swap_body(forger: Forger, name: str) -> Attack:
    timestamp, signature = forger.pair()
    job_id = forger.job()
    genuine = forger.payload(timestamp, signature, job_id)
    forged = genuine | {"ResultCode": "0810", "ResultText": f"Enroll User {forger.chance.random()}"}
    return Attack(name, encode(forged), Verdict.REUSED, encode(genuine))


def name_another_job(forger: Forger, name: str) -> Attack:
    """Within seconds, as two genuine ones of a millisecond come: no alarm, but no claim either."""
    timestamp, signature = forger.pair()
    first, second = forger.chance.sample(forger.jobs, 2)
    genuine = forger.payload(timestamp, signature, first)
    params = genuine["PartnerParams"] | {"job_id": second}
    return Attack(name, encode(genuine | {"PartnerParams": params}), Verdict.VALID, encode(genuine))


def reflect(forger: Forger, name: str) -> Attack:
    timestamp, signature = forger.pair()
    return Attack(name, encode(forger.payload(timestamp, signature, forger.job())), Verdict.REFLECTED, None, signature)


def let_it_grow_old(forger: Forger, name: str) -> Attack:
    age = forger.chance.choice((302, 3600, 86400, forger.chance.uniform(302, YEARS)))
    return Attack(name, encode(forger.payload(*forger.pair(-age - 32, 0), forger.job())), Verdict.STALE)


def run_ahead(forger: Forger, name: str) -> Attack:
    ahead = forger.chance.choice((330, 3600, 86400, forger.chance.uniform(330, YEARS)))
    return Attack(name, encode(forger.payload(*forger.pair(ahead, 0), forger.job())), Verdict.FUTURE)


def write_base64_otherwise(forger: Forger, name: str) -> Attack:
    timestamp, signature = forger.pair()
    genuine = forger.payload(timestamp, signature, forger.job())
    other = forger.chance.choice(BASE64_VARIANTS)(signature)
    return Attack(name, encode(genuine | {"signature": other}), Verdict.REUSED, encode(genuine))


def sign_with_a_foreign_key(forger: Forger, name: str) -> Attack:
    key = forger.chance.choice((FOREIGN_KEY, RETIRED_KEY, "", API_KEY.upper(), PARTNER_ID))
    return Attack(name, encode(forger.payload(*forger.pair(key=key), forger.job())), Verdict.WRONG)


def replay_after_rotation(forger: Forger, name: str) -> Attack:
    """Seen while the old key was the only one; it verifies still, so that nothing under way is lost."""
    timestamp, signature = forger.pair(key=OLD_KEY)
    genuine = forger.payload(timestamp, signature, forger.job())
    return Attack(name, encode(genuine | {"FullName": "Somebody Else"}), Verdict.REUSED, encode(genuine))


Classes = dict[str, Callable[[Any, str], Attack]]
CLASSES: Classes = {
    "body swapped": swap_body,
    "other job": name_another_job,
    "reflected": reflect,
    "stale": let_it_grow_old,
    "future": run_ahead,
    "base64 variants": write_base64_otherwise,
    "other key": sign_with_a_foreign_key,
    "replay after rotation": replay_after_rotation,
}


def _other_last_bits(signature: str) -> str:
    """32 bytes leave two bits of the 43rd character unused; a lenient reader takes any of them."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = alphabet[alphabet.index(signature[42]) ^ 1]
    return f"{signature[:42]}{other}="


BASE64_VARIANTS: tuple[Callable[[str], str], ...] = (
    lambda signature: signature.rstrip("="),
    lambda signature: base64.urlsafe_b64encode(base64.b64decode(signature)).decode().rstrip("="),
    lambda signature: f" {signature}",
    lambda signature: f"{signature}\n",
    lambda signature: f"{signature[:20]}\r\n{signature[20:]}",
    lambda signature: f"{signature[:10]}\t{signature[10:]}",
    _other_last_bits,
)
#: (what the body says, what is signed) of a moment.
FORMS: tuple[Callable[[datetime], tuple[Any, str]], ...] = (
    lambda moment: (iso(moment), iso(moment)),
    lambda moment: (moment.isoformat(), moment.isoformat()),
    lambda moment: (moment.isoformat(timespec="microseconds"), moment.isoformat(timespec="microseconds")),
    lambda moment: (int(moment.timestamp() * 1000), str(int(moment.timestamp() * 1000))),
    lambda moment: (str(int(moment.timestamp() * 1000)), str(int(moment.timestamp() * 1000))),
)
