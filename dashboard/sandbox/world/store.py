"""The simulator's store of jobs, users, links and images: in memory, and optionally in SQLite."""

import json
import sqlite3
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dashboard.sandbox.fields import Json

#: The name under which a job's zip waits to be processed.
ZIP = "zip"


@dataclass
class Job:
    """One job. It holds plain values only, so that it can be stored as JSON.

    Moments (created_at, process_at, `due`) are seconds since 1970. base_url: scheme and host of the submission.
    prepared, zips, charged: how often it was registered, received a zip, and would have been charged.
    pending: results to come, each {"due", "entry", "outcome", "final", "callback"}. history: the reported results.
    deliveries: callbacks, each {"url", "mode", "entry", "due", "attempts"}.
    """

    job_id: str
    user_id: str
    job_type: int
    product: str
    partner_params: Json = field(repr=False)
    smile_job_id: str
    base_url: str
    callback_url: str = field(default="", repr=False)
    #: The partner signs with a sec_key, so answers and callbacks carry one too.
    legacy: bool = False
    id_info: Json = field(default_factory=dict, repr=False)
    use_enrolled_image: bool = False
    created_at: float = 0.0
    prepared: int = 0
    zips: int = 0
    charged: int = 0
    #: The token of the upload address whose zip was accepted; a repeated PUT to it is not charged again.
    accepted_upload: str = ""
    process_at: float | None = None
    pending: list[Json] = field(default_factory=list, repr=False)
    history: list[Json] = field(default_factory=list, repr=False)
    complete: bool = False
    success: bool = False
    images: list[str] = field(default_factory=list)
    #: The Smile Link that the customer came through, or "".
    link_ref: str = ""
    #: The generation of the API that the job was made with: "v1" or "v3". In v3 `id_info` holds all that was given.
    version: str = "v1"
    deliveries: list[Json] = field(default_factory=list, repr=False)

    @property
    def state(self) -> str:
        """One of "prepared", "processing", "provisional" and "complete"."""
        if self.complete:
            return "complete" if not self.pending else "provisional"
        return "processing" if self.charged else "prepared"

    @property
    def result(self) -> Json:
        """The latest reported result, {} if there is none."""
        return self.history[-1] if self.history else {}


@dataclass
class User:
    """An enrolled user, and what the partner has changed since."""

    user_id: str
    enrolled: bool = False
    active: bool = True
    fraudulent: bool = False
    deleted: bool = False
    may_enrol_again: bool = False


class Store:
    """All stored objects. Hold `lock` while you read and change a job, then `save` it.

    path: an SQLite file; None keeps everything in memory, and there the images of at most `kept_image_jobs` jobs.
    """

    def __init__(self, path: Path | None, kept_image_jobs: int) -> None:
        self.lock = threading.RLock()
        self.jobs: dict[str, Job] = {}
        self.users: dict[str, User] = {}
        self.links: dict[str, Json] = {}
        self.verified_sessions: dict[str, Json] = {}
        #: Values that tokens of v3 refer to. They end with the process, and so do the tokens.
        self.token_values: dict[str, Any] = {}
        #: Idempotency key of an AML answer at once -> its job id.
        self.screenings: dict[str, str] = {}
        #: Digests of the web tokens that a job was submitted with.
        self.spent_tokens: set[str] = set()
        self._job_ids: dict[str, str] = {}
        self._blobs: dict[tuple[str, str], bytes] = {}
        self._kept_image_jobs = kept_image_jobs
        self._database = _open(path) if path else None
        if self._database:
            self._load(self._database)
            self._job_ids = {job.smile_job_id: job.job_id for job in self.jobs.values()}
        self._last_number = max((int(job.smile_job_id or 0) for job in self.jobs.values()), default=0)

    def next_smile_job_id(self) -> str:
        """A new id of a job, ten digits."""
        with self.lock:
            self._last_number += 1
            return f"{self._last_number:010}"

    def save(self, job: Job) -> None:
        """Store a job."""
        with self.lock:
            self.jobs[job.job_id] = job
            self._job_ids[job.smile_job_id] = job.job_id
            self._write("job", job.job_id, job)

    def by_number(self, smile_job_id: str) -> Job | None:
        """The job with this id of Smile's, or None."""
        with self.lock:
            return self.jobs.get(self._job_ids.get(smile_job_id, ""))

    def save_user(self, user: User) -> None:
        """Store a user."""
        with self.lock:
            self.users[user.user_id] = user
            self._write("user", user.user_id, user)

    def save_link(self, link: Json) -> None:
        """Store a Smile Link, under its `ref_id`."""
        with self.lock:
            self.links[link["ref_id"]] = link
            self._write("link", link["ref_id"], link)

    def jobs_of_link(self, ref_id: str) -> list[Job]:
        """The jobs that customers submitted through a Smile Link."""
        with self.lock:
            return [job for job in self.jobs.values() if job.link_ref == ref_id and job.charged]

    def spend_token(self, digest: str) -> None:
        """Record the digest of a web token that a job was submitted with."""
        with self.lock:
            self.spent_tokens.add(digest)
            self._write("spent token", digest, {})

    def put_blob(self, job_id: str, name: str, data: bytes) -> None:
        """Store an image or the zip of a job; in memory the oldest images are dropped."""
        with self.lock:
            if self._database:
                with self._database:
                    self._database.execute("REPLACE INTO blob VALUES (?, ?, ?)", (job_id, name, data))
                return
            self._blobs[job_id, name] = data
            images = [key for key in self._blobs if key[1] != ZIP]
            for key in images[: max(0, len(images) - 3 * self._kept_image_jobs)]:
                del self._blobs[key]

    def blob(self, job_id: str, name: str) -> bytes | None:
        """An image or the zip of a job; None if it is not stored."""
        with self.lock:
            if not self._database:
                return self._blobs.get((job_id, name))
            found = self._database.execute(
                "SELECT data FROM blob WHERE job_id = ? AND name = ?", (job_id, name)
            ).fetchone()
            return bytes(found[0]) if found else None

    def drop_blob(self, job_id: str, name: str) -> None:
        """Delete an image or the zip of a job."""
        with self.lock:
            self._blobs.pop((job_id, name), None)
            if self._database:
                with self._database:
                    self._database.execute("DELETE FROM blob WHERE job_id = ? AND name = ?", (job_id, name))

    def close(self) -> None:
        """Close the SQLite file."""
        with self.lock:
            if self._database:
                self._database.close()
                self._database = None

    def _write(self, kind: str, key: str, kept: Job | User | Json) -> None:
        if self._database:
            body = json.dumps(kept if isinstance(kept, dict) else asdict(kept))
            with self._database:
                self._database.execute("REPLACE INTO document VALUES (?, ?, ?)", (kind, key, body))

    def _load(self, database: sqlite3.Connection) -> None:
        for kind, key, text in database.execute("SELECT kind, key, body FROM document ORDER BY rowid"):
            body: dict[str, Any] = json.loads(text)
            if kind == "job":
                self.jobs[key] = Job(**body)
            elif kind == "user":
                self.users[key] = User(**body)
            elif kind == "spent token":
                self.spent_tokens.add(key)
            else:
                self.links[key] = body


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    # One process, one connection, guarded by the store's lock.
    database = sqlite3.connect(path, check_same_thread=False)
    path.chmod(0o600)
    # With a rollback journal a killed process loses nothing; a power failure does not matter for a simulator.
    database.executescript(
        "PRAGMA synchronous = OFF;"
        "CREATE TABLE IF NOT EXISTS document (kind TEXT, key TEXT, body TEXT, PRIMARY KEY (kind, key));"
        "CREATE TABLE IF NOT EXISTS blob (job_id TEXT, name TEXT, data BLOB, PRIMARY KEY (job_id, name));"
    )
    return database
