"""The tables Link, LinkStart and WebToken, with the rules about one row. Verbs live in the neighbouring modules."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, Index, case, func, text
from sqlalchemy.ext.hybrid import hybrid_method, hybrid_property
from sqlalchemy.orm import validates
from sqlmodel import Field, SQLModel, col

from dashboard.db import HYBRIDS, EnumText, IdText, UtcDateTime, default_folded_from, new_id
from dashboard.jobs.models import Outcome
from dashboard.jobs.products import PRODUCTS_BY_WEB_NAME, Product
from dashboard.links.languages import Sentence
from dashboard.smile.constants import SmileApi
from dashboard.smile.typed import fold

#: Opened or started longer ago than this with nothing submitted: worth a reminder.
STALLED_AFTER = timedelta(hours=1)
#: Longer than a call to Smile may take: a request without an answer by then was killed.
ASKING_ENDS_AFTER = timedelta(minutes=2)
#: Counts newer than this are not fetched again when a page is opened.
COUNTED_LATELY = timedelta(minutes=1)


#: Rows from before there were folded columns.
IS_UNFOLDED = text("customer_reference_folded IS NULL")
HOLDS_PREFILL = text("prefill_sealed IS NOT NULL")
_IS_OPEN_TO_STAFF = "paused_at IS NULL AND revoked_at IS NULL"
#: The parts of a link's stage that do not depend on the time, by the name of their index. SQLite uses a partial index
#: only where the query repeats its condition word for word.
PHASES = {
    "result": f"{_IS_OPEN_TO_STAFF} AND settled_at IS NOT NULL",
    "submitted": f"{_IS_OPEN_TO_STAFF} AND settled_at IS NULL AND (submitted_at IS NOT NULL OR smile_total_jobs > 0)",
    "unsubmitted": f"{_IS_OPEN_TO_STAFF} AND submitted_at IS NULL AND coalesce(smile_total_jobs, 0) = 0",
    "paused": "revoked_at IS NULL AND paused_at IS NOT NULL",
    "revoked": "revoked_at IS NOT NULL",
}
#: What the stages of the phase "unsubmitted" compare too. Its index ends with it.
COMPARED = ("expires_at", "opened_at", "started_at")


class LinkKind(StrEnum):
    HOSTED = "hosted"  # an address of this dashboard; each Start gets a token from Smile
    SMILE = "smile"  # a Smile Link: made through Smile's API, opened on Smile's own site


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
    """What a link's jobs say about it; `version` changes with each of them."""

    jobs: int = 0
    version: int = 0
    submitted_at: datetime | None = None  # the first time
    settled_at: datetime | None = None  # the first time
    outcome: Outcome | None = None  # of the newest job with an outcome
    awaited: int = 0  # jobs that their customers have not finished yet


NOTHING_YET = Progress()


@dataclass(frozen=True)
class IdTypeChoice:
    """One ID type that a customer may use, and how it is checked; `method` is the name of a web product."""

    country: str
    id_type: str
    method: str

    @property
    def product(self) -> Product:
        return PRODUCTS_BY_WEB_NAME[self.method]


class Link(SQLModel, table=True):
    """An address for one customer, or for several. It has a product, or choices that each have one."""

    model_config = {"ignored_types": HYBRIDS}
    __tablename__ = "link"
    __table_args__ = (
        # Wider than the partial indexes below: of two that look equally good, SQLite takes the narrower one.
        Index("ix_link_environment_id", "environment", "id", "product", "kind", "country", "id_type"),
        Index("ix_link_environment_product_id", "environment", "product", "id", "kind"),
        Index("ix_link_environment_kind_id", "environment", "kind", "id", "product"),
        *(
            Index(f"ix_link_{name}", "environment", "id", *times, sqlite_where=text(its), postgresql_where=text(its))
            for name, its, times in (
                (name, its, COMPARED if name == "unsubmitted" else ()) for name, its in PHASES.items()
            )
        ),
        Index("ix_link_environment_created_by_id", "environment", "created_by", "id"),
        Index("ix_link_environment_changed_at", "environment", "changed_at"),
        Index("ix_link_environment_customer_reference", "environment", "customer_reference", "id"),
        Index("ix_link_environment_customer_reference_folded", "environment", "customer_reference_folded", "id"),
        Index("ix_link_environment_user_id", "environment", "user_id", "id"),
        Index("ix_link_environment_user_id_folded", "environment", "user_id_folded", "id"),
        Index("ix_link_unfolded", "id", sqlite_where=IS_UNFOLDED, postgresql_where=IS_UNFOLDED),
        Index("ix_link_holds_prefill", "id", sqlite_where=HOLDS_PREFILL, postgresql_where=HOLDS_PREFILL),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    environment: str
    # The search forms of the ids below: filled from them on insert, and kept up to date by `_fold`.
    customer_reference_folded: str | None = Field(
        default=None, sa_type=IdText, sa_column_kwargs=default_folded_from("customer_reference")
    )
    user_id_folded: str | None = Field(default=None, sa_type=IdText, sa_column_kwargs=default_folded_from("user_id"))
    kind: LinkKind = Field(default=LinkKind.HOSTED, sa_type=EnumText(LinkKind))
    api: SmileApi = Field(default=SmileApi.V1, sa_type=EnumText(SmileApi))  # a link keeps the one it was made with
    code_digest: str = Field(unique=True)
    product: Product | None = Field(default=None, sa_type=EnumText(Product))
    choices: list[dict[str, str]] = Field(default_factory=list, sa_type=JSON)
    country: str | None = None
    id_type: str | None = None
    customer_reference: str = Field(default="", sa_type=IdText)
    user_id: str = ""  # empty: each job gets its own
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
    form_key: UUID | None = Field(default=None, unique=True)  # of the form that made it, which is used once
    created_by: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)
    version: int = 1  # goes up with every visible change
    opened_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # the first time
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # the first time
    # Of its jobs, as `Progress` has them: the first that was submitted, and the first of those that was settled.
    submitted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # Only of a Smile Link: Smile's id and address, and the last counts from Smile.
    smile_ref_id: str | None = None
    smile_address: str | None = None
    smile_total_jobs: int | None = None
    smile_successful_jobs: int | None = None
    smile_failed_jobs: int | None = None
    smile_counted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # When Smile was asked to make it; None again after a clear refusal. While it is set, the link may exist at Smile.
    smile_asked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_error: str | None = None  # why the last Start did not reach Smile
    last_error_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    erased_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # when its customer was erased

    @validates("customer_reference", "user_id")
    def _fold(self, name: str, value: str) -> str:
        """Setting an id also sets its search form."""
        setattr(self, f"{name}_folded", fold(value))
        return value

    @property
    def uses_left(self) -> int:
        return self.uses_allowed - self.uses_spent

    @hybrid_method
    def is_open(self, now: datetime) -> bool:
        """Whether a new customer may start; on the class, a condition for the database."""
        return self.is_live(now) & (self.uses_spent < self.uses_allowed)

    @hybrid_method
    def is_live(self, now: datetime) -> bool:
        """Whether a customer who has started may continue; uses do not matter."""
        return (self.paused_at == None) & (self.revoked_at == None) & (self.expires_at > now)  # noqa: E711

    def stage(self, progress: Progress, now: datetime) -> Stage:
        """The furthest stage that any customer reached, unless staff have closed the link or it has expired."""
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

    @hybrid_property
    def reached(self) -> str:
        """The furthest stage that any customer reached, whatever became of the link."""
        if self.settled_at:
            return Stage.RESULT
        if self.submitted_at or self.smile_total_jobs:
            return Stage.SUBMITTED
        if self.started_at:
            return Stage.STARTED
        return Stage.OPENED if self.opened_at else Stage.CREATED

    @reached.inplace.expression
    @classmethod
    def _reached(cls) -> ColumnElement[str]:
        is_submitted = col(cls.submitted_at).is_not(None) | (func.coalesce(col(cls.smile_total_jobs), 0) != 0)
        return case(
            (col(cls.settled_at).is_not(None), Stage.RESULT.value),
            (is_submitted, Stage.SUBMITTED.value),
            (col(cls.started_at).is_not(None), Stage.STARTED.value),
            (col(cls.opened_at).is_not(None), Stage.OPENED.value),
            else_=Stage.CREATED.value,
        )

    def is_stalled(self, progress: Progress, now: datetime) -> bool:
        """Whether it was opened a while ago and not finished, so that the customer may need a reminder."""
        seen_at = self.started_at or self.opened_at
        return (
            seen_at is not None
            and now - seen_at > STALLED_AFTER
            and self.stage(progress, now) in (Stage.OPENED, Stage.STARTED, Stage.EXPIRED)
        )

    def is_finished(self, progress: Progress) -> bool:
        """Whether all its customers are done, so that nobody can start or continue."""
        return progress.submitted_at is not None and self.uses_left <= 0 and not progress.awaited

    @property
    def is_for_one(self) -> bool:
        """Whether at most one customer is left to use it, who can then be reminded."""
        return self.kind == LinkKind.HOSTED and self.uses_left <= 1

    def is_being_made(self, now: datetime) -> bool:
        """Whether a request to Smile for this Smile Link is still under way."""
        return (
            self.smile_ref_id is None
            and self.smile_asked_at is not None
            and self.last_error is None
            and now - self.smile_asked_at < ASKING_ENDS_AFTER
        )

    @property
    def is_out_of_reach(self) -> bool:
        """Whether it is a Smile Link of v3, which Smile has made and can neither count nor disable."""
        return self.kind == LinkKind.SMILE and self.api == SmileApi.V3 and self.smile_ref_id is not None

    def is_counted_lately(self, now: datetime) -> bool:
        return self.smile_counted_at is not None and now - self.smile_counted_at < COUNTED_LATELY

    def offered(self) -> list[IdTypeChoice]:
        return [IdTypeChoice(each["country"], each["id_type"], each["verification_method"]) for each in self.choices]

    def changed(self, now: datetime) -> None:
        """Marks a visible change, so that open pages notice it."""
        self.version += 1
        self.changed_at = now


class LinkStart(SQLModel, table=True):
    """One press of Start: the job it made, the browser that may see its state, and what the customer agreed to."""

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
        """What the customer agreed to. Older rows contain direction marks."""
        return Sentence(self.consent_text).unmarked


def prefill_associated_data(link_id: UUID) -> str:
    """The identity that the sealed prefill of a link is bound to."""
    return f"link:{link_id}:prefill"


class WebToken(SQLModel, table=True):
    """A token issued by hand: its maker and its purpose. The token itself is shown once and never stored."""

    __tablename__ = "web_token"
    __table_args__ = (Index("ix_web_token_environment_id", "environment", "id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    environment: str
    api: SmileApi = Field(default=SmileApi.V1, sa_type=EnumText(SmileApi))
    product: str  # its name in Smile's script
    user_id: str
    job_id: str
    callback_url: str
    issued_by: str
    issued_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # from the token; None if it does not say
