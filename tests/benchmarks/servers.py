"""What our own figures stand beside, each a Flask app on the server that `dashboard web` uses, with its settings."""

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any

from flask import Flask, request
from sqlalchemy import Engine
from sqlmodel import Field, Session, SQLModel, create_engine

from dashboard.db import new_id, sqlite
from dashboard.web.serving.asgi import AsgiAdapter
from tests.factories.callbacks import API_KEY, PARTNER_ID

CREATE = (
    "CREATE TABLE received (id TEXT PRIMARY KEY, received_at TEXT, job_id TEXT, digest TEXT, body BLOB)",
    "CREATE INDEX ix_received_job_id ON received (job_id)",
    "CREATE UNIQUE INDEX uq_received_digest ON received (digest)",
)
INSERT = "INSERT INTO received VALUES (?, ?, ?, ?, ?)"


def hello() -> Flask:
    """What the server and Flask cost before anything of ours runs."""
    app = Flask(__name__)

    @app.get("/")
    def hello() -> str:
        return "hello"

    return app


def bare_group_commit() -> Flask:
    """Reads, verifies and stores with one writer thread that commits whatever waits; it explains and checks nothing."""
    app = Flask(__name__)
    waiting: SimpleQueue[tuple[tuple[Any, ...], Event]] = SimpleQueue()
    Thread(target=_write_groups, args=(f"{os.environ['BENCHMARK_FOLDER']}/bare.db", waiting), daemon=True).start()

    @app.post("/hooks/smile")
    def receive() -> dict[str, bool]:
        is_stored = Event()
        waiting.put((_verified_row(), is_stored))
        is_stored.wait()
        return {"received": True}

    return app


def orm_insert() -> Flask:
    """Reads, verifies and stores with one ORM session for each request, as a tutorial would."""
    app = Flask(__name__)
    engine = _orm_engine()
    SQLModel.metadata.create_all(engine, tables=[Received.__table__])  # type: ignore[attr-defined]

    @app.post("/hooks/smile")
    def receive() -> dict[str, bool]:
        with Session(engine) as session:
            session.add(Received(**dict(zip(Received.model_fields, _verified_row(), strict=True))))
            session.commit()
        return {"received": True}

    return app


def _orm_engine() -> Engine:
    """On PostgreSQL where a benchmark names its address; else on SQLite."""
    if url := os.environ.get("BENCHMARK_DATABASE_URL"):
        return create_engine(url)
    path = f"{os.environ['BENCHMARK_FOLDER']}/orm.db"
    engine = create_engine(f"sqlite:///{path}", module=sqlite, connect_args={"timeout": 30})
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    return engine


class Received(SQLModel, table=True):
    __tablename__ = "received_by_orm"

    id: str = Field(primary_key=True)
    received_at: str
    job_id: str = Field(index=True)
    digest: str = Field(unique=True)
    body: bytes


def _verified_row() -> tuple[Any, ...]:
    body = request.get_data()
    payload = json.loads(body)
    message = f"{payload['timestamp']}{PARTNER_ID}sid_request".encode()
    wanted = hmac.new(API_KEY.encode(), message, hashlib.sha256).digest()
    given = base64.b64decode(payload["signature"])
    assert hmac.compare_digest(wanted, given)
    job_id = payload["PartnerParams"]["job_id"]
    return str(new_id()), datetime.now(UTC).isoformat(), job_id, hashlib.sha256(given).hexdigest(), body


def _write_groups(path: str, waiting: "SimpleQueue[tuple[tuple[Any, ...], Event]]") -> None:
    connection = sqlite.connect(path, isolation_level=None)
    for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", *CREATE):
        connection.execute(statement)
    while True:
        group = [waiting.get()]
        while not waiting.empty():
            group.append(waiting.get())
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(INSERT, [row for row, _ in group])
        connection.execute("COMMIT")
        for _, is_stored in group:
            is_stored.set()


APPS: dict[str, Callable[[], Flask]] = {
    "hello": hello,
    "bare_group_commit": bare_group_commit,
    "orm_insert": orm_insert,
}


def create_app() -> AsgiAdapter:
    """The one that `serving` asks for; the server's own process calls this."""
    app = APPS[os.environ["BENCHMARK_APP"]]()
    app.add_url_rule("/up", "up", lambda: "up")
    return AsgiAdapter(app)
