"""All that is held about one person, as a ZIP that is made while it is sent: facts as JSON, and every picture."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlmodel import Session, SQLModel, col, select
from zipstream import ZIP_STORED, ZipStream

from dashboard.callbacks.models import Callback
from dashboard.callbacks.parsing import parse
from dashboard.callbacks.queries import body_of
from dashboard.config import Settings
from dashboard.crypto import KeyRing
from dashboard.db import Database
from dashboard.jobs.media import read_image
from dashboard.jobs.models import Image, Job
from dashboard.jobs.queries import job_details
from dashboard.jobs.submission import id_number_of, person_of
from dashboard.jobs.warnings import personal_facts
from dashboard.links.creation import prefill_of
from dashboard.links.models import Link, LinkStart
from dashboard.privacy.files import media_root
from dashboard.privacy.finding import Held

#: Of a row: what the product needs to run, and what would be of use to others only.
LEFT_OUT = frozenset(
    {"id_number_sealed", "id_number_digest", "person_sealed", "upload_url_sealed", "prefill_sealed", "body_sealed"}
    | {
        "payload_sealed",
        "personal_sealed",
        "reason_sealed",
        "phone_digest",
        "callback_key_digest",
        "code_digest",
        "browser_digest",
        "signature_digest",
        "media_path",
    }
    | {"lease", "lease_until", "due_at", "step", "form_key", "search_text", "payload_digest", "version", "callback_url"}
)
SIGNATURES = ("signature", "sec_key")
README = """All that is held about one person, as it was on {now}.

jobs/<id>.json       each verification: what was given, what Smile ID answered, what happened when
jobs/<id>/<picture>  the pictures that were sent
callbacks/<id>.json  what Smile ID sent by itself
links.json           links that were made for this person, and what was agreed to on them
tokens.json          tokens for Smile ID's pages that name this person

Signatures are left out: they would fit any other message too.
"""


def export_person(
    database: Database, settings: Settings, keyring: KeyRing, held: Held, now: datetime
) -> Iterator[bytes]:
    """Each part is read when its turn comes, so one is in memory at a time."""
    package = ZipStream(compress_type=ZIP_STORED, sized=False)
    package.add(README.format(now=f"{now:%Y-%m-%d %H:%M} UTC"), "README.txt")
    for job in held.jobs:
        package.add(_later(database, partial(_job, job)), f"jobs/{job.id}.json")
        for image in _images(database, job):
            package.add(_picture(settings, keyring, job, image), f"jobs/{job.id}/{image.id}")
    for each in held.callbacks:
        package.add(_later(database, partial(_callback, each.id)), f"callbacks/{each.id}.json")
    package.add(_later(database, partial(_links, held.links)), "links.json")
    package.add(_as_json([row_facts(token) for token in held.tokens]), "tokens.json")
    yield from package


def row_facts(row: SQLModel) -> dict[str, Any]:
    return {name: value for name, value in row.model_dump().items() if name not in LEFT_OUT}


def _later(database: Database, read: Callable[[Session], Any]) -> Iterator[bytes]:
    with database.reading() as session:
        yield _as_json(read(session))


def _picture(settings: Settings, keyring: KeyRing, job: Job, image: Image) -> Iterator[bytes]:
    yield read_image(keyring, media_root(settings) / job.environment, image)


def _images(database: Database, job: Job) -> list[Image]:
    with database.reading() as session:
        return list(session.exec(select(Image).where(Image.job_id == job.id).order_by(col(Image.id))).all())


def _job(job: Job, session: Session) -> dict[str, Any]:
    details = job_details(session, job)
    return {
        "job": row_facts(job),
        "given": person_of(session, job) | {"id_number": id_number_of(session, job) or None},
        "answers": [row_facts(result) | {"answer": _without_signature(answer)} for result, answer in details.results],
        "warnings": [
            row_facts(warning) | {"personal": personal_facts(session, warning)} for warning in details.warnings
        ],
        "dealt_with": [row_facts(row) | {"reason": reason} for row, reason in details.dealt_with],
        "events": [row_facts(event) for event in details.events],
        "pictures": [row_facts(image) for image in details.images],
    }


def _callback(callback_id: UUID, session: Session) -> dict[str, Any]:
    callback = session.get_one(Callback, callback_id)
    return row_facts(callback) | {"headers": None, "body": _without_signature(parse(body_of(session, callback)))}


def _links(links: Sequence[Link], session: Session) -> list[dict[str, Any]]:
    return [_link(session, link) for link in links]


def _link(session: Session, link: Link) -> dict[str, Any]:
    starts = session.exec(select(LinkStart).where(LinkStart.link_id == link.id).order_by(col(LinkStart.id))).all()
    return row_facts(link) | {
        "filled_with": prefill_of(session, link),
        "agreed": [row_facts(start) for start in starts],
    }


def _without_signature(payload: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in payload.items() if name not in SIGNATURES}


def _as_json(value: Any) -> bytes:
    return json.dumps(value, indent=2, default=str, ensure_ascii=False).encode("utf-8", "replace")
