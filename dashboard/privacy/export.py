"""Exports all that is held about one person as a ZIP: facts as JSON, and every image."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO
from zipfile import ZIP_STORED, ZipFile

from sqlmodel import Session, SQLModel, col, select

from dashboard.callbacks.models import Callback
from dashboard.callbacks.queries import body_or_none
from dashboard.callbacks.reason_words import reason_text
from dashboard.callbacks.receiving.parsing import parse
from dashboard.callbacks.step_words import shown_steps
from dashboard.config import Settings
from dashboard.crypto import CANNOT_BE_OPENED, KeyRing
from dashboard.db import Database
from dashboard.jobs.models import Image, Job
from dashboard.jobs.problems import disagreement_text, problem_text
from dashboard.jobs.queries import job_details
from dashboard.jobs.showing.event_words import event_text
from dashboard.jobs.smile_actions.fraud import reports_about
from dashboard.jobs.submitting.media import image_or_none
from dashboard.jobs.submitting.submission import given_data
from dashboard.jobs.warnings import personal_facts
from dashboard.links.creation import prefill_of
from dashboard.links.messages import email_of, messages_of
from dashboard.links.models import Link, LinkStart
from dashboard.privacy.finding import HeldData
from dashboard.web.pages.answers import json_time
from dashboard.web.pages.locales import company_formats

#: Columns that are not exported: internal to the product, or of use only to others.
LEFT_OUT = frozenset(
    {"id_number_sealed", "id_number_digest", "person_sealed", "upload_url_sealed", "prefill_sealed", "body_sealed"}
    | {
        "payload_sealed",
        "personal_sealed",
        "reason_sealed",
        "email_sealed",
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
README = """All that is held about one person, as it was on {now}. Times in the files are UTC.

jobs/<id>.json       each verification: what was submitted, what Smile ID answered, and what happened when
jobs/<id>/<image>    the images that were submitted
callbacks/<id>.json  results that Smile ID sent to us
links.json           links created for this person, what was agreed to on them, and where they were sent
tokens.json          tokens for Smile ID's pages that name this person

Signatures are left out, since they would fit any other message too.
"""
NOT_OPENED = "cannot-be-opened.txt"
NOT_OPENED_README = """
{name} lists what is held but cannot be opened: it is damaged or missing.
"""


@dataclass
class _Package:
    """A ZIP that is being written, and the names of what could not be included."""

    zip: ZipFile
    not_opened: list[str] = field(default_factory=list)

    def add_json(self, name: str, value: Any) -> None:
        content = _as_json(value)
        if CANNOT_BE_OPENED.encode() in content:
            self.not_opened.append(f"a part of {name}")
        self.zip.writestr(name, content)

    def add_image(self, name: str, content: bytes | None) -> None:
        if content is None:
            self.not_opened.append(name)
        else:
            self.zip.writestr(name, content)


def write_package(
    database: Database, settings: Settings, keyring: KeyRing, held: HeldData, now: datetime, file: BinaryIO
) -> None:
    """Writes the ZIP. Only one part is in memory at a time. What cannot be opened is listed in it."""
    with ZipFile(file, "w", ZIP_STORED) as archive:
        package = _Package(archive)
        for job in held.jobs:
            with database.reading() as session:
                package.add_json(f"jobs/{job.id}.json", _job(session, job))
            for image in _images(database, job):
                content = image_or_none(keyring, settings.media_root / job.environment, image)
                package.add_image(f"jobs/{job.id}/{image.id}", content)
        for each in held.callbacks:
            with database.reading() as session:
                callback = session.get(Callback, each.id)
                if callback:  # A refused one may be deleted at any time, to make room for newer ones.
                    package.add_json(f"callbacks/{each.id}.json", _callback(session, callback))
        with database.reading() as session:
            package.add_json("links.json", [_link(session, link) for link in held.links])
        package.add_json("tokens.json", [row_facts(token) for token in held.tokens])
        with database.reading() as session:
            readme = README.format(now=company_formats(session).moment(now))
        if package.not_opened:
            archive.writestr(NOT_OPENED, "".join(f"{name}\n" for name in package.not_opened))
            readme += NOT_OPENED_README.format(name=NOT_OPENED)
        archive.writestr("README.txt", readme)


def row_facts(row: SQLModel) -> dict[str, Any]:
    return {name: value for name, value in row.model_dump().items() if name not in LEFT_OUT}


def _images(database: Database, job: Job) -> list[Image]:
    with database.reading() as session:
        return list(session.exec(select(Image).where(Image.job_id == job.id).order_by(col(Image.id))).all())


def _job(session: Session, job: Job) -> dict[str, Any]:
    details, given = job_details(session, job), given_data(session, job)
    person = {"details": CANNOT_BE_OPENED} if given.person is None else given.person
    return {
        "job": row_facts(job) | {"last_error": problem_text(job), "disagreement": disagreement_text(job)},
        "given": person | {"id_number": given.shown_number or None},
        "answers": [
            row_facts(result)
            | {"answer": CANNOT_BE_OPENED if result.id in details.unreadable else _without_signature(answer)}
            for result, answer in details.results
        ],
        "warnings": [
            row_facts(warning) | {"personal": personal_facts(session, warning)} for warning in details.warnings
        ],
        "fraud_reports": [row_facts(row) | {"notes": notes} for row, notes in reports_about(session, details.job)],
        "dealt_with": [row_facts(row) | {"reason": reason} for row, reason in details.dealt_with],
        "events": [row_facts(event) | {"text": event_text(event)} for event in details.events],
        "images": [row_facts(image) for image in details.images],
    }


def _callback(session: Session, callback: Callback) -> dict[str, Any]:
    body = body_or_none(session, callback)
    shown = CANNOT_BE_OPENED if body is None else _without_signature(parse(body))
    said = {"reason": reason_text(callback), "steps": shown_steps(callback.steps)}
    return row_facts(callback) | said | {"headers": None, "body": shown}


def _link(session: Session, link: Link) -> dict[str, Any]:
    prefill = prefill_of(session, link)
    starts = session.exec(select(LinkStart).where(LinkStart.link_id == link.id).order_by(col(LinkStart.id))).all()
    return row_facts(link) | {
        "filled_with": CANNOT_BE_OPENED if prefill is None else prefill,
        "agreed": [row_facts(start) for start in starts],
        "sent": [row_facts(each) | {"email": email_of(session, each)} for each in messages_of(session, link.id)],
    }


def _without_signature(payload: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in payload.items() if name not in SIGNATURES}


def _as_json(value: Any) -> bytes:
    return json.dumps(value, indent=2, default=_as_text, ensure_ascii=False).encode("utf-8", "replace")


def _as_text(value: Any) -> str | None:
    return json_time(value) if isinstance(value, datetime) else str(value)
