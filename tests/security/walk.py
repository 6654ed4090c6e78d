"""Every route of the URL map with arguments for it: a row of this environment, one of the other, and none."""

import base64
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

from flask import Flask
from sqlmodel import Session, select
from werkzeug.routing import Rule

from dashboard.callbacks.models import Callback, ProcessingRun, Verdict, body_associated_data
from dashboard.config import Settings
from dashboard.db import Database, keyring_of, new_id, utc_now
from dashboard.jobs.following.outcome import keep_result, read_result
from dashboard.jobs.models import Image, Job, ResultSource
from dashboard.links.models import LinkKind
from dashboard.permissions import Role
from dashboard.privacy.models import Erasure, hash_of_manifest
from dashboard.smile_keys import add_key, seed_keys
from dashboard.team.models import Member
from dashboard.team.one_time import Invitation
from dashboard.web.access import required_permission
from tests.factories.callbacks import encode, make_payload
from tests.factories.images import make_jpeg
from tests.factories.jobs import make_job
from tests.factories.links import make_link
from tests.factories.team import PASSWORD_HASH

OWN, MISSING, FOREIGN = "own", "missing", "foreign"
KINDS = (OWN, MISSING, FOREIGN)
PHOTO = base64.b64encode(make_jpeg(1, 40, 50)).decode()
#: What a converter's argument is when no row stands for it.
NOWHERE = {"UUIDConverter": "01890000-0000-7000-8000-000000000000", "IntegerConverter": "999999"}


#: The team, and proofs of what was erased, are one for both environments.
OF_NO_ENVIRONMENT = frozenset({"member_id", "invitation_id", "erasure_id"})


@dataclass(frozen=True)
class Route:
    """One rule with one of its methods, and the permission that its view states."""

    rule: Rule
    method: str
    permission: str | None

    @property
    def name(self) -> str:
        return f"{self.method} {self.rule.rule}"

    def address(self, values: dict[str, str]) -> str:
        with_all = {
            name: values.get(name, NOWHERE.get(type(converter).__name__, "nothing"))
            for name, converter in self.rule._converters.items()
        }
        built = self.rule.build(with_all, append_unknown=False)
        assert built is not None, self.name
        return built[1]


def routes(app: Flask) -> list[Route]:
    with app.test_request_context():
        return [
            Route(rule, method, required_permission(rule.endpoint))
            for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)
            for method in sorted((rule.methods or set()) - {"OPTIONS"})
        ]


@dataclass
class World:
    """Rows that routes name by their arguments, in either environment. `own` may be spoiled by an unsafe request."""

    app: Flask
    database: Database
    settings: Settings
    own: dict[str, str] = field(default_factory=dict)
    foreign: dict[str, str] = field(default_factory=dict)
    of_other_kinds: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        with self.database.transaction() as session:
            seed_keys(session, self.settings, utc_now())
        self.renew()
        self.foreign = {name: row for name, row in self.make("production").items() if name not in OF_NO_ENVIRONMENT}

    def renew(self) -> None:
        """After a request that may have changed or deleted them."""
        self.own = self.make("sandbox")
        with self.app.app_context():
            smile_link, _ = make_link(self.database, self.settings, row={"kind": LinkKind.SMILE})
        self.of_other_kinds = [{"link_id": str(smile_link.id)}]

    def values(self, kind: str) -> dict[str, str]:
        return {OWN: self.own, FOREIGN: self.foreign, MISSING: {}}[kind]

    def knows(self, route: Route) -> bool:
        """Whether there is a row for each of its arguments."""
        return route.rule.arguments <= self.own.keys()

    def make(self, environment: str) -> dict[str, str]:
        name = f"job-{uuid4()}"
        with self.app.app_context():
            job = make_job(self.database, self.settings, asks={"job_id": name}, environment=environment)
            link, code = make_link(self.database, self.settings, row={"environment": environment})
        now = utc_now()
        with self.database.transaction() as session:
            first, second = self._callbacks(session, job, environment)
            self._answer(session, job)
            image_id = session.exec(select(Image.id).where(Image.job_id == job.id)).first()
            key = add_key(session, environment, f"key-{uuid4()}", "ada@example.com", now)
            run = ProcessingRun(
                environment=environment,
                asked_by="ada@example.com",
                asked_at=now,
                total=1,
                newest=first,
                finished_at=now,
            )
            member = Member(
                email=f"{uuid4()}@example.com",
                name="Dan",
                role=Role.OPERATOR,
                password_hash=PASSWORD_HASH,
                created_at=now,
            )
            session.add_all([run, member])
            session.flush()
            invitation = Invitation(
                email=f"{uuid4()}@example.com",
                role=Role.VIEWER,
                code_digest=str(uuid4()),
                created_at=now,
                expires_at=now + timedelta(hours=1),
                invited_by=member.id,
            )
            erasure = Erasure(at=now, erased_by="ada@example.com", manifest_sha256=hash_of_manifest({}))
            session.add_all([invitation, erasure])
        made = {
            "job_id": job.id,
            "image_id": image_id,
            "callback_id": first,
            "other_id": second,
            "field": "1",
            "link_id": link.id,
            "code": code,
            "key_id": key.id,
            "run_id": run.id,
            "member_id": member.id,
            "invitation_id": invitation.id,
            "erasure_id": erasure.id,
        }
        return {name: str(value) for name, value in made.items()}

    def _answer(self, session: Session, job: Job) -> None:
        """Smile's own, with the authority's photo in it."""
        answer = read_result({"ResultCode": "0810", "Photo": PHOTO}, job.job_type)
        keep_result(
            session, session.get_one(Job, job.id), answer, ResultSource.JOB_STATUS, utc_now(), is_confirmed=True
        )

    def _callbacks(self, session: Session, job: Job, environment: str) -> list[UUID]:
        """Two of one job, each with a picture in it."""
        now = utc_now()
        ids = [new_id(), new_id()]
        for row_id in ids:
            body = encode(make_payload(job_id=job.job_id, Photo=PHOTO))
            session.add(
                Callback(
                    id=row_id,
                    environment=environment,
                    received_at=now,
                    last_seen_at=now,
                    handled_at=now,
                    body_sealed=keyring_of(session).seal(body, body_associated_data(row_id)),
                    body_size=len(body),
                    body_sha256=str(row_id),
                    verdict=Verdict.VALID,
                    reason="The signature matches.",
                    job_id=job.id,
                    claimed_job_id=job.job_id,
                )
            )
        return ids
