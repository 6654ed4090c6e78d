"""The test callback: signed like a real one, marked as a test, and taken back once it is known to have arrived."""

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
from dashboard.db import first_id_of
from dashboard.jobs.smile_api.sent_signatures import note_sent
from dashboard.smile import Signature

#: As large as the largest of Smile's: a proxy with a limit of 1 MB would let a small one pass.
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
    """What was stored of it."""

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


def take_back_test(session: Session, trial: ProbeCallback, now: datetime) -> ProbeReceipt | None:
    """None: it is not here.

    Its row is deleted, so that the inspector shows only what others sent. It is known by the digest of a body that we
    made up a moment ago and not by its marker, with which a stranger could make a callback disappear. Its signature
    stays known as one of ours: whoever else got hold of it cannot use it.
    """
    # Among those of the last minutes, which are few: no index is kept for bodies.
    is_recent = col(Callback.id) >= first_id_of(now - TAKEN_BACK_WITHIN)
    of_trial = (is_recent, Callback.body_sha256 == trial.body_sha256)
    row = session.exec(select(Callback).where(*of_trial).options(WITHOUT_BODY)).first()
    if row is None:
        return None
    note_sent(session, trial.signature, now)
    session.connection().execute(delete(Callback).where(col(Callback.id) == row.id))
    return ProbeReceipt(row.verdict, reason_text(row), row.source_address, row.headers)
