"""Alarms about callbacks that contradict nothing are taken back: claims that are unknown, or of the ID step alone.

Only the alarm of a job goes; its timeline keeps what was said then. An alarm that stays names its claim.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

AT_ONCE = 500
DECIDED = ("approved", "rejected", "error")
WITHOUT_A_FACE = (5, 7)

job = sa.table("job", *(sa.column(name) for name in ("id", "job_type", "disagreement", "erased_at")))
RESULT_COLUMNS = ("id", "job_id", "is_confirmed", "is_final", "outcome", "result_code")
result = sa.table("result", *(sa.column(name) for name in RESULT_COLUMNS))


def upgrade() -> None:
    connection = op.get_bind()
    alarms = sa.select(job.c.id, job.c.job_type, job.c.disagreement).order_by(job.c.id).limit(AT_ONCE)
    alarms = alarms.where(job.c.disagreement.is_not(None), job.c.erased_at.is_(None))
    last = None
    while jobs := connection.execute(alarms if last is None else alarms.where(job.c.id > last)).all():
        last = jobs[-1].id
        found = sa.select(result).where(result.c.job_id.in_([row.id for row in jobs])).order_by(result.c.id)
        results = connection.execute(found).all()
        for row in jobs:
            alarm = _alarm([each for each in results if each.job_id == row.id], row.job_type)
            if alarm != row.disagreement:
                connection.execute(sa.update(job).where(job.c.id == row.id).values(disagreement=alarm))


def downgrade() -> None:
    """What was taken back was not true; there is nothing to restore."""


def _alarm(results: Sequence[Any], job_type: int) -> str | None:
    confirmed = [each for each in results if each.is_confirmed]
    final = [
        each for each in confirmed if each.is_final and not (_is_id_step(each, job_type) and each.outcome == "unknown")
    ]
    codes = {_code(each) for each in confirmed}
    claims = [
        each
        for each in results
        if not each.is_confirmed and each.is_final and each.outcome in DECIDED and not _is_id_step(each, job_type)
        if final and each.outcome != final[-1].outcome and _code(each) not in codes
    ]
    if not claims:
        return None
    claim, answer = min(claims, key=_code), final[-1]
    return (
        f"A callback claimed {claim.outcome} (code {claim.result_code}), "
        f"but Smile confirms {answer.outcome} (code {answer.result_code})."
    )


def _is_id_step(each: Any, job_type: int) -> bool:
    return _code(each) == "1012" and job_type not in WITHOUT_A_FACE


def _code(each: Any) -> str:
    code = each.result_code or ""
    return code.zfill(4) if code.isascii() and code.isdigit() else code
