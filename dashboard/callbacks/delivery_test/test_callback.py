"""The test callback: signed like a real one, marked as a test, and removed once it has arrived."""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlmodel import Session, col, select

from dashboard.callbacks.filters import WITHOUT_BODY
from dashboard.callbacks.models import Callback, Verdict
from dashboard.callbacks.queries import JOB_ID_PREFIX
from dashboard.callbacks.reason_words import reason_text
from dashboard.callbacks.text_index import forget_texts
from dashboard.db import first_id_of
from dashboard.jobs.smile_api.sent_signatures import note_sent
from dashboard.smile import Signature

#: As large as Smile's largest: a proxy with a limit of 1 MB would pass a small one.
BODY_SIZE = 1_500_000
TAKEN_BACK_WITHIN = timedelta(minutes=10)


@dataclass(frozen=True)
class ProbeCallback:
    body: bytes = field(repr=False)
    signature: str = field(repr=False)

    @property
    def body_sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True)
class ProbeReceipt:
    """What was stored about a test callback."""

    verdict: Verdict
    reason: str
    source_address: str
    headers: dict[str, str]


def make_test_callback(signer: Signature) -> ProbeCallback:
    signed = signer.generate_signature()
    payload = {
        "PartnerParams": {"job_id": JOB_ID_PREFIX + secrets.token_hex(16), "user_id": "test-callback"},
        "ResultText": "Test callback, sent by Partner Desk to itself",
        **signed,
    }
    padding = "0" * (BODY_SIZE - len(json.dumps(payload | {"Padding": ""})))
    return ProbeCallback(json.dumps(payload | {"Padding": padding}).encode(), signed["signature"])


def take_back_test(session: Session, sent: ProbeCallback, now: datetime) -> ProbeReceipt | None:
    """Removes the row of a test callback, and returns what was stored. None: it did not arrive here.

    The inspector then shows only what others sent. The row is found by the digest of the body, which we made up a
    moment ago, and not by its marker: with that a stranger could make a callback disappear. Its signature stays known
    as one that we sent, so a copy of it is useless.
    """
    # Only among the few of the last minutes: there is no index on bodies.
    is_recent = col(Callback.id) >= first_id_of(now - TAKEN_BACK_WITHIN)
    is_test = (is_recent, Callback.body_sha256 == sent.body_sha256)
    row = session.exec(select(Callback).where(*is_test).options(WITHOUT_BODY)).first()
    if row is None:
        return None
    note_sent(session, sent.signature, now)
    forget_texts(session, [row.id])
    session.connection().execute(delete(Callback).where(col(Callback.id) == row.id))
    return ProbeReceipt(row.verdict, reason_text(row), row.source_address, row.headers)
