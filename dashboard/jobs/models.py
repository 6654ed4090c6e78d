"""The tables Job, Image, Result and JobEvent, with the rules about one row. Verbs live in the neighbouring modules."""

from datetime import datetime
from enum import StrEnum
from itertools import combinations
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, Index, UniqueConstraint, or_, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import validates
from sqlmodel import Field, SQLModel, col

from dashboard.db import HYBRIDS, EnumText, IdText, UtcDateTime, default_folded_from, new_id
from dashboard.jobs.needs import NEEDS
from dashboard.jobs.products import Product
from dashboard.rollups.durations import DurationClass, duration_class
from dashboard.smile.constants import SmileApi
from dashboard.smile.typed import fold


class JobState(StrEnum):
    AWAITING_CUSTOMER = "awaiting_customer"
    QUEUED = "queued"
    SUBMITTING = "submitting"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Outcome(StrEnum):
    APPROVED = "approved"
    REJECTED = "rejected"
    PROVISIONAL = "provisional"
    ATTENTION = "attention"  # Passed, but Smile asks a person to look at it; only v3 says so.
    ERROR = "error"
    UNKNOWN = "unknown"  # An undocumented code goes to a person, never to approved or rejected.


class SendingStep(StrEnum):
    """How far the worker had got when it last saved; after a kill it continues from here."""

    CREATED = "created"
    PREPARING = "preparing"  # The first call may have been sent; whether it arrived is not known yet.
    PREPARED = "prepared"  # Smile gave an upload address.
    SENDING = "sending"  # The zip, or a call that is answered at once, may have been sent.
    SENT = "sent"


class ResultSource(StrEnum):
    SUBMIT = "submit"
    JOB_STATUS = "job_status"
    CALLBACK = "callback"


UNSENT_STATES = frozenset({JobState.AWAITING_CUSTOMER, JobState.QUEUED})
ENDED_STATES = frozenset({JobState.FAILED, JobState.EXPIRED, JobState.CANCELLED})
#: In these a job of v3 may be at Smile under an id that is not known here.
MAY_BE_UNBOUND = frozenset({JobState.SUBMITTING, JobState.WAITING, JobState.AWAITING_CUSTOMER, JobState.EXPIRED})

#: Pairs of columns that the list is filtered by; state and outcome have an index of their own.
PAIRS = [pair for pair in combinations(("state", "outcome", "product", "country"), 2) if pair != ("state", "outcome")]

IS_WARNED = "warning_count > 0"
WARNED = text(IS_WARNED)
HOLDS_PERSON = text("(id_number_sealed IS NOT NULL OR person_sealed IS NOT NULL)")
IS_KEPT = text("erased_at IS NULL")
#: Smile makes the ids of v3, and a callback may name any of them: no two jobs may hold the same one.
HAS_V3_ID = text("api = 'v3' AND smile_job_id IS NOT NULL")
#: Rows from before there were folded columns, or written by something other than this model.
IS_UNFOLDED = text("user_id_folded IS NULL")


class Job(SQLModel, table=True):
    """One verification. `id` is ours; `job_id` and `user_id` are the ids sent to Smile; `smile_job_id` is Smile's."""

    model_config = {"ignored_types": HYBRIDS}
    __tablename__ = "job"
    __table_args__ = (
        UniqueConstraint("environment", "job_id", name="uq_job_environment_job_id"),
        # Three are wider than the partial indexes of the needs: of two that look equally good, SQLite takes the
        # narrower one.
        Index("ix_job_environment_id", "environment", "id", "product", "country"),
        Index("ix_job_environment_state_id", "environment", "state", "id", "product", "country"),
        Index("ix_job_environment_outcome_id", "environment", "outcome", "id"),
        Index("ix_job_environment_product_id", "environment", "product", "id"),
        Index("ix_job_environment_country_id", "environment", "country", "id"),
        # Each pair of filters, so that few jobs that match both are found among very many that match one.
        Index("ix_job_environment_state_outcome_id", "environment", "state", "outcome", "id", "product", "country"),
        *(Index(f"ix_job_environment_{a}_{b}_id", "environment", a, b, "id") for a, b in PAIRS),
        Index("ix_job_environment_id_type_id", "environment", "id_type", "id"),
        # Each with what else is compared of its many jobs, and what changes seldom.
        Index("ix_job_environment_result_code_id", "environment", "result_code", "id", "product", "country"),
        Index("ix_job_environment_api_id", "environment", "api", "id", "outcome", "product", "country"),
        Index("ix_job_environment_created_by_id", "environment", "created_by", "id", "outcome", "product", "country"),
        Index("ix_job_link_id_environment_id", "link_id", "environment", "id"),
        # With what a search for one kind compares: few jobs have warnings, and fewer have a certain one.
        Index("ix_job_warned", "environment", "id", "warning_kinds", sqlite_where=WARNED, postgresql_where=WARNED),
        # A search reads many ids from these alone.
        Index("ix_job_environment_user_id", "environment", "user_id", "id"),
        Index("ix_job_environment_smile_job_id", "environment", "smile_job_id", "id"),
        Index("ix_job_environment_customer_reference", "environment", "customer_reference", "id"),
        Index("ix_job_environment_user_id_folded", "environment", "user_id_folded", "id"),
        Index("ix_job_environment_job_id_folded", "environment", "job_id_folded", "id"),
        Index("ix_job_environment_smile_job_id_folded", "environment", "smile_job_id_folded", "id"),
        Index("ix_job_environment_customer_reference_folded", "environment", "customer_reference_folded", "id"),
        Index(
            "uq_job_environment_v3_id",
            "environment",
            "smile_job_id",
            unique=True,
            sqlite_where=HAS_V3_ID,
            postgresql_where=HAS_V3_ID,
        ),
        Index("ix_job_unfolded", "id", sqlite_where=IS_UNFOLDED, postgresql_where=IS_UNFOLDED),
        Index("ix_job_environment_due_at", "environment", "due_at"),
        # For retention: rows that no longer hold anything are not read again on every pass.
        Index("ix_job_holds_person", "id", sqlite_where=HOLDS_PERSON, postgresql_where=HOLDS_PERSON),
        # In the order of the list: very many jobs may share a number, for example a test number.
        Index("ix_job_id_number_digest_environment_id", "id_number_digest", "environment", "id"),
        Index("ix_job_phone_digest_environment_id", "phone_digest", "environment", "id"),
        *(need.index for need in NEEDS.values()),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    environment: str
    # The search forms of the ids below: filled from them on insert, and kept up to date by `_fold`.
    user_id_folded: str | None = Field(default=None, sa_type=IdText, sa_column_kwargs=default_folded_from("user_id"))
    job_id_folded: str | None = Field(default=None, sa_type=IdText, sa_column_kwargs=default_folded_from("job_id"))
    smile_job_id_folded: str | None = Field(
        default=None, sa_type=IdText, sa_column_kwargs=default_folded_from("smile_job_id")
    )
    customer_reference_folded: str | None = Field(
        default=None, sa_type=IdText, sa_column_kwargs=default_folded_from("customer_reference")
    )
    product: Product = Field(sa_type=EnumText(Product))
    api: SmileApi = Field(default=SmileApi.V1, sa_type=EnumText(SmileApi))  # a job keeps the one it was made with
    job_type: int
    user_id: str = Field(sa_type=IdText)
    job_id: str = Field(sa_type=IdText)
    smile_job_id: str | None = Field(default=None, sa_type=IdText)
    customer_reference: str = Field(default="", sa_type=IdText)
    state: JobState = Field(sa_type=EnumText(JobState))
    outcome: Outcome | None = Field(default=None, sa_type=EnumText(Outcome))
    result_code: str | None = None
    result_text: str | None = None
    country: str | None = None
    id_type: str | None = None
    id_number_sealed: bytes | None = None
    id_number_digest: str | None = None
    person_sealed: bytes | None = None  # everything else that describes the customer, and the consent
    phone_digest: str | None = None  # of the phone number in `person_sealed`, normalised by phones.py
    partner_params: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    link_id: UUID | None = None
    created_by: str  # a member's e-mail address, or "customer"
    created_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)
    version: int = 1  # goes up with every visible change
    submitted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    # What the worker needs to continue after a kill.
    step: SendingStep = Field(default=SendingStep.CREATED, sa_type=EnumText(SendingStep))
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    lease: str | None = None  # names the run that holds the lease; a run that lost it saves nothing
    attempts: int = 0
    checks: int = 0
    checked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    upload_url_sealed: bytes | None = None
    # v3 names the job only in its answer, which may be lost; binding.py has the rules.
    sending_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime
    )  # when it was about to leave, on Smile's clock
    candidates: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)  # ids of Smile's that callbacks name
    last_error: str | None = None  # the problem in words; only on older jobs
    problem: dict[str, Any] | None = Field(default=None, sa_type=JSON(none_as_null=True))  # worded by problems.py
    disagreement: str | None = None  # set while Smile's own answer contradicts a callback
    disagreement_facts: dict[str, Any] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    warning_count: int = 0  # kinds of warning, confirmed or claimed
    warning_kinds: str = ""  # the same kinds, for sums: in alphabetical order, with spaces between them
    dealt_with_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # until something new happens

    callback_key_digest: str | None = Field(default=None, unique=True)
    callback_due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    callback_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # the first believable one
    overdue_noted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    #: What was erased, each {"what", "count", "at", "rule"}; the decision, its codes and times stay.
    erased: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    erased_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # when everything about the person was

    @validates("user_id", "job_id", "smile_job_id", "customer_reference")
    def _fold(self, name: str, value: str | None) -> str | None:
        """Setting an id also sets its search form."""
        setattr(self, f"{name}_folded", fold(value) if value is not None else None)
        return value

    @hybrid_property
    def is_settled(self) -> bool:
        """Whether nothing more is expected: the job has ended, or is done with an outcome that is not provisional."""
        if self.state in ENDED_STATES:
            return True
        return self.state == JobState.DONE and self.outcome != Outcome.PROVISIONAL

    @is_settled.inplace.expression
    @classmethod
    def _is_settled(cls) -> ColumnElement[bool]:
        is_done = (col(cls.state) == JobState.DONE) & (col(cls.outcome) != Outcome.PROVISIONAL)
        return or_(col(cls.state).in_(ENDED_STATES), is_done)

    @hybrid_property
    def took(self) -> str:
        """The time from submission to result as a class of durations; empty without both."""
        return duration_class(self.submitted_at, self.settled_at)

    @took.inplace.expression
    @classmethod
    def _took(cls) -> ColumnElement[str]:
        return DurationClass(col(cls.submitted_at), col(cls.settled_at))

    @property
    def may_cancel(self) -> bool:
        return self.state in UNSENT_STATES and self.step == SendingStep.CREATED

    @property
    def may_check(self) -> bool:
        """Whether Smile may know this job; one that failed on the way may still have arrived."""
        if self.erased_at:
            return False  # Smile's answer would bring back the erased person.
        if self.api == SmileApi.V3:
            return self.smile_job_id is not None  # Smile is asked by its own id.
        may_have_arrived = self.state == JobState.FAILED or self.is_with_customer
        return self.submitted_at is not None or (may_have_arrived and self.step != SendingStep.CREATED)

    @property
    def is_unbound(self) -> bool:
        """Whether Smile may have this job of v3 under an id that is not known here."""
        is_open = self.state in MAY_BE_UNBOUND and not self.erased_at
        return self.api == SmileApi.V3 and self.sending_at is not None and self.smile_job_id is None and is_open

    @property
    def may_have_arrived(self) -> bool:
        """Whether its submission to v3 was sent and the answer lost, so that it may have been charged."""
        is_over = self.state in (JobState.WAITING, JobState.EXPIRED)
        return self.api == SmileApi.V3 and self.step == SendingStep.SENDING and is_over

    @property
    def shown_state(self) -> str:
        """The state as pages show it: "unclear" where the job waits because nobody knows whether Smile has it."""
        return "unclear" if self.may_have_arrived else self.state

    @property
    def is_with_customer(self) -> bool:
        """Whether it was started from a link and not submitted yet; a customer can submit it even after it expired."""
        is_unsubmitted = self.link_id is not None and self.submitted_at is None
        return is_unsubmitted and self.state in (JobState.AWAITING_CUSTOMER, JobState.EXPIRED)

    def callback_overdue(self, now: datetime) -> bool:
        return self.callback_due_at is not None and self.callback_at is None and now > self.callback_due_at

    def note_problem(self, problem: dict[str, Any] | None) -> None:
        """Sets what keeps the job from progressing; None when nothing does."""
        self.problem, self.last_error = problem, None

    def changed(self, now: datetime) -> None:
        """Marks a visible change, so that open pages notice it."""
        self.version += 1
        self.changed_at = now


def job_associated_data(job_id: UUID, name: str) -> str:
    """The identity that a sealed value of a job is bound to."""
    return f"job:{job_id}:{name}"


class Image(SQLModel, table=True):
    __tablename__ = "image"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    job_id: UUID = Field(foreign_key="job.id", index=True)
    image_type: int
    size: int  # bytes
    sha256: str
    media_path: str
    created_at: datetime = Field(sa_type=UtcDateTime)


class Result(SQLModel, table=True):
    """One answer for a job. A later one supersedes it; none is overwritten."""

    __tablename__ = "result"
    __table_args__ = (Index("ix_result_kept", "id", sqlite_where=IS_KEPT, postgresql_where=IS_KEPT),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    environment: str
    job_id: UUID = Field(foreign_key="job.id", index=True)
    source: ResultSource = Field(sa_type=EnumText(ResultSource))
    is_confirmed: bool  # an answer to our own request; otherwise a callback's claim
    is_final: bool
    outcome: Outcome | None = Field(sa_type=EnumText(Outcome))
    result_code: str | None
    result_text: str | None
    payload_sealed: bytes  # empty once it is erased
    payload_digest: str  # of the result without time and signature, so that the same answer is not stored twice
    received_at: datetime = Field(sa_type=UtcDateTime)
    erased_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


def payload_associated_data(result_id: UUID) -> str:
    """The identity that the sealed payload of a result is bound to."""
    return f"result:{result_id}:payload"


class JobEvent(SQLModel, table=True):
    """One line of a job's timeline: a kind and facts, worded by event_words.py. Older lines hold their text."""

    __tablename__ = "job_event"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    job_id: UUID = Field(foreign_key="job.id", index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    kind: str
    text: str  # empty, except in older lines and where something was erased
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)


class SentSignature(SQLModel, table=True):
    """The digest of a signature that we sent: a callback that carries it is our own request reflected, not Smile's."""

    __tablename__ = "sent_signature"

    digest: str = Field(primary_key=True)
    sent_at: datetime = Field(sa_type=UtcDateTime, index=True)
