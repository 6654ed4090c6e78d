"""Link, and LinkStart: one press of its Start. Rules about one row live here; verbs live beside."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON, Index, text
from sqlalchemy.ext.hybrid import hybrid_method
from sqlalchemy.orm import validates
from sqlmodel import Field, SQLModel

from dashboard.db import HYBRIDS, EnumText, IdText, UtcDateTime, folded_from, new_id
from dashboard.jobs.models import Outcome
from dashboard.jobs.products import PRODUCTS_BY_WEB_NAME, Product
from dashboard.links.languages import Sentence
from dashboard.smile.typed import fold

#: Opened or started this long ago and still nothing submitted: worth sending again.
STALLED_AFTER = timedelta(hours=1)
#: Longer than a call to Smile may take: whoever asked before that, and noted no answer, was killed.
ASKING_ENDS_AFTER = timedelta(minutes=2)
#: What Smile counted this short a time ago is not asked for again when a page is opened.
COUNTED_LATELY = timedelta(minutes=1)


#: Rows of before there were folded columns.
IS_UNFOLDED = text("customer_reference_folded IS NULL")
HOLDS_PREFILL = text("prefill_sealed IS NOT NULL")


class LinkKind(StrEnum):
    HOSTED = "hosted"  # ours: an address here, a token from Smile at each Start
    SMILE = "smile"  # a Smile Link: made through Smile's API, opened on Smile's own host


class Stage(StrEnum):
    CREATED = "created"
    OPENED = "opened"
    STARTED = "started"
    SUBMITTED = "submitted"
    RESULT = "result"
    EXPIRED = "expired"
    PAUSED = "paused"
    REVOKED = "revoked"


@dataclass(frozen=True)
class Progress:
    """What the jobs of a link tell about it; `version` changes with each of them."""

    jobs: int = 0
    version: int = 0
    submitted_at: datetime | None = None  # the first time
    settled_at: datetime | None = None  # the first time
    outcome: Outcome | None = None  # of the newest job that has one
    awaited: int = 0  # jobs whose customer has not finished yet


NOTHING_YET = Progress()


@dataclass(frozen=True)
class Choice:
    """One ID type that a customer may bring, and how it is checked; `method` is a web product's name."""

    country: str
    id_type: str
    method: str

    @property
    def product(self) -> Product:
        return PRODUCTS_BY_WEB_NAME[self.method]


class Link(SQLModel, table=True):
    """One address for one customer, or for several. It names a product, or the choices that decide it."""

    model_config = {"ignored_types": HYBRIDS}
    __tablename__ = "link"
    __table_args__ = (
        Index("ix_link_environment_id", "environment", "id"),
        Index("ix_link_environment_changed_at", "environment", "changed_at"),
        Index("ix_link_environment_customer_reference", "environment", "customer_reference"),
        Index("ix_link_environment_customer_reference_folded", "environment", "customer_reference_folded"),
        Index("ix_link_environment_user_id", "environment", "user_id"),
        Index("ix_link_environment_user_id_folded", "environment", "user_id_folded"),
        Index("ix_link_unfolded", "id", sqlite_where=IS_UNFOLDED, postgresql_where=IS_UNFOLDED),
        Index("ix_link_holds_prefill", "id", sqlite_where=HOLDS_PREFILL, postgresql_where=HOLDS_PREFILL),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    environment: str
    # What the ids below are searched by: a new row has it from them, and a change of one changes it in `_fold`.
    customer_reference_folded: str | None = Field(
        default=None, sa_type=IdText, sa_column_kwargs=folded_from("customer_reference")
    )
    user_id_folded: str | None = Field(default=None, sa_type=IdText, sa_column_kwargs=folded_from("user_id"))
    kind: LinkKind = Field(default=LinkKind.HOSTED, sa_type=EnumText(LinkKind))
    code_digest: str = Field(unique=True)
    product: Product | None = Field(default=None, sa_type=EnumText(Product))
    choices: list[dict[str, str]] = Field(default_factory=list, sa_type=JSON)
    country: str | None = None
    id_type: str | None = None
    customer_reference: str = Field(default="", sa_type=IdText)
    user_id: str = ""  # empty: each job gets one of its own
    prefill_sealed: bytes | None = None
    prefill_is_locked: bool = False
    partner_params: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    language: str = ""  # empty: what the customer's browser prefers
    return_url: str = ""
    expires_at: datetime = Field(sa_type=UtcDateTime)
    uses_allowed: int = 1
    uses_spent: int = 0
    paused_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    form_key: UUID | None = Field(default=None, unique=True)  # of the form that made it, so that a press counts once
    created_by: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)
    version: int = 1  # goes up with every change that somebody could see
    opened_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # the first time, as all of these
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # Of a Smile Link only: how Smile knows it, and what it counted when it was last asked.
    smile_ref_id: str | None = None
    smile_address: str | None = None
    smile_total_jobs: int | None = None
    smile_successful_jobs: int | None = None
    smile_failed_jobs: int | None = None
    smile_counted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # When Smile was asked to make it; taken back by a clear no, so that what is left here may exist at Smile.
    smile_asked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_error: str | None = None  # why the last Start did not get through to Smile
    last_error_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    erased_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # when its customer was

    @validates("customer_reference", "user_id")
    def _fold(self, name: str, value: str) -> str:
        """Whoever sets an id sets what it is searched by."""
        setattr(self, f"{name}_folded", fold(value))
        return value

    @property
    def uses_left(self) -> int:
        return self.uses_allowed - self.uses_spent

    @hybrid_method
    def is_open(self, now: datetime) -> bool:
        """Whether a new customer may start; of the class, the same as a condition for the database."""
        return self.is_live(now) & (self.uses_spent < self.uses_allowed)

    @hybrid_method
    def is_live(self, now: datetime) -> bool:
        """Whether somebody who started may go on, the uses aside."""
        return (self.paused_at == None) & (self.revoked_at == None) & (self.expires_at > now)  # noqa: E711

    def stage(self, progress: Progress, now: datetime) -> Stage:
        """The furthest that anybody came, unless staff have closed the link or its time is over."""
        if self.revoked_at:
            return Stage.REVOKED
        if self.paused_at:
            return Stage.PAUSED
        if progress.settled_at:
            return Stage.RESULT
        if progress.submitted_at or self.smile_total_jobs:
            return Stage.SUBMITTED
        if now >= self.expires_at:
            return Stage.EXPIRED
        if self.started_at:
            return Stage.STARTED
        return Stage.OPENED if self.opened_at else Stage.CREATED

    def is_stalled(self, progress: Progress, now: datetime) -> bool:
        """Opened, but not finished for a while: the customer may need it sent again."""
        seen_at = self.started_at or self.opened_at
        return (
            seen_at is not None
            and now - seen_at > STALLED_AFTER
            and self.stage(progress, now) in (Stage.OPENED, Stage.STARTED, Stage.EXPIRED)
        )

    def is_finished(self, progress: Progress) -> bool:
        """Whether every customer it was for is done, so that nobody can start or go on."""
        return progress.submitted_at is not None and self.uses_left <= 0 and not progress.awaited

    @property
    def is_for_one(self) -> bool:
        """Whether one customer at most is left to use it, who can be written to."""
        return self.kind == LinkKind.HOSTED and self.uses_left <= 1

    def is_being_made(self, now: datetime) -> bool:
        """Whether somebody waits for Smile's answer about a new Smile Link."""
        return (
            self.smile_ref_id is None
            and self.smile_asked_at is not None
            and self.last_error is None
            and now - self.smile_asked_at < ASKING_ENDS_AFTER
        )

    def is_counted_lately(self, now: datetime) -> bool:
        return self.smile_counted_at is not None and now - self.smile_counted_at < COUNTED_LATELY

    def offered(self) -> list[Choice]:
        return [Choice(each["country"], each["id_type"], each["verification_method"]) for each in self.choices]

    def changed(self, now: datetime) -> None:
        """Every change that somebody could see goes through here, so that open pages notice it."""
        self.version += 1
        self.changed_at = now


class LinkStart(SQLModel, table=True):
    """One press of Start: the job that it made, the browser that may see its state, and what the customer agreed to."""

    __tablename__ = "link_start"
    __table_args__ = (Index("ix_link_start_link_id_browser_digest", "link_id", "browser_digest"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    link_id: UUID = Field(foreign_key="link.id")
    job_id: UUID = Field(foreign_key="job.id", unique=True)
    browser_digest: str
    language: str
    consent_text: str  # word for word, in that language
    consented_at: datetime = Field(sa_type=UtcDateTime)

    @property
    def agreed(self) -> str:
        """What the customer agreed to. Rows of before hold marks of direction in it."""
        return Sentence(self.consent_text).unmarked


def prefill_identity(link_id: UUID) -> str:
    """What the sealed prefill of a link is bound to."""
    return f"link:{link_id}:prefill"


class WebToken(SQLModel, table=True):
    """That a token was issued by hand, by whom and for what. The token itself is shown once and kept nowhere."""

    __tablename__ = "web_token"
    __table_args__ = (Index("ix_web_token_environment_id", "environment", "id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    environment: str
    product: str  # as Smile's script names it
    user_id: str
    job_id: str
    callback_url: str
    issued_by: str
    issued_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # as the token says; None: it does not
