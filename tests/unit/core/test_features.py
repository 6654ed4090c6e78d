"""A slice is added in one place: a toy in a folder of its own, with one registration, and all that it brings works."""

import importlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select

from dashboard import migrations
from dashboard.app import create_app
from dashboard.audit.trail import record
from dashboard.config import Settings
from dashboard.context import context_of
from dashboard.db import Database, new_id, utc_now
from dashboard.feature import Feature
from dashboard.features import FEATURES, metadata
from dashboard.worker.periodic import PeriodicRunner
from dashboard.worker.process import register_tasks
from dashboard.worker.queue import Queue
from dashboard.worker.schedule import sweep

pytestmark = pytest.mark.both_engines

FILES = {
    "__init__.py": '"""Toys."""',
    "models.py": """
        from datetime import datetime
        from uuid import UUID

        from sqlmodel import Field, SQLModel

        from dashboard.db import UtcDateTime, new_id


        class Toy(SQLModel, table=True):
            __tablename__ = "toy"

            id: UUID = Field(default_factory=new_id, primary_key=True)
            name: str
            name_sealed: bytes = b""
            due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """,
    "views.py": """
        from flask import Blueprint, render_template
        from sqlmodel import select

        from dashboard.context import reading
        from dashboard.web.access import permission_required
        from .models import Toy

        blueprint = Blueprint("toys", __name__, template_folder="templates")


        @blueprint.get("/toys")
        @permission_required("toys.read")
        def index():
            with reading() as session:
                return render_template("toys/index.html", toys=session.exec(select(Toy)).all())
    """,
    "templates/toys/index.html": """
        {% extends "layouts/base.html" %}
        {% block title %}Toys{% endblock %}
        {% block content %}{% for toy in toys %}<p>{{ toy.name }}</p>{% endfor %}{% endblock %}
    """,
    "tasks.py": """
        from datetime import timedelta

        from sqlmodel import col, select

        from dashboard.context import transaction
        from dashboard.worker.periodic import Periodic
        from dashboard.worker.queue import Task
        from .models import Toy


        def wind_up(toy_id):
            with transaction() as session:
                toy = session.get_one(Toy, toy_id)
                toy.name, toy.due_at = f"{toy.name}, wound up", None


        def toys_due(session, environment, now, limit):
            return session.exec(select(Toy.id).where(col(Toy.due_at) <= now).limit(limit)).all()


        def make_toy(now):
            with transaction() as session:
                session.add(Toy(name="a daily toy"))


        TASKS = (Task("toys.wind_up", wind_up, toys_due),)
        PERIODIC = (Periodic("toys.make_toy", timedelta(days=1), make_toy),)
    """,
    "feature.py": """
        from dashboard.audit.wording import AuditWords
        from dashboard.feature import Feature, NavigationEntry
        from dashboard.health_checks import Group, HealthCheck, ok
        from dashboard.permissions import WORKING, Permission
        from dashboard.sealed import SealedColumn
        from . import models, tasks, views

        FEATURE = Feature(
            name="toys",
            position=45,
            models=(models,),
            sealed_columns=(SealedColumn(models.Toy, "name_sealed", lambda row_id: f"toy:{row_id}:name"),),
            views=(views,),
            navigation=(NavigationEntry("Toys", "toys.index", "toys.read"),),
            permissions=(Permission("toys.read", WORKING, "Look at toys"),),
            audit_words=(AuditWords(noun="toy", called="a toy", sentences={"toy.broken": "broke {subject}"}),),
            tasks=tasks.TASKS,
            periodic=tasks.PERIODIC,
            health_checks=(HealthCheck(Group.DATA, "Toys", lambda context: ok("Every toy is whole.")),),
        )
    """,
}


@pytest.fixture
def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The package of the toy. Its name is a new one for each test: SQLAlchemy remembers classes by it."""
    name = f"toys_{new_id().hex}"
    for path, text in FILES.items():
        file = tmp_path / "elsewhere" / name / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text))
    monkeypatch.syspath_prepend(tmp_path / "elsewhere")
    importlib.import_module(f"{name}.feature")
    yield sys.modules[name]
    metadata.remove(metadata.tables["toy"])
    for module in [module for module in sys.modules if module.startswith(name)]:
        del sys.modules[module]


@pytest.fixture
def app(settings: Settings, toys: Any) -> Iterator[Flask]:
    app = create_app(settings, features=(*FEATURES, toys.feature.FEATURE))
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    database = context_of(app).database
    with database.engine.connect() as connection:
        # What `alembic revision --autogenerate` would write a migration from.
        options = {"include_name": migrations.is_described}
        missing = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
    assert [(what, table.name) for what, table in missing] == [("add_table", "toy")]
    toys.models.Toy.__table__.create(database.engine)
    yield app
    toys.models.Toy.__table__.drop(database.engine)
    database.dispose()


@pytest.fixture
def toy(app: Flask, toys: Any) -> Any:
    with context_of(app).database.transaction() as session:
        toy = toys.models.Toy(name="a red car", due_at=utc_now())
        session.add(toy)
    return toy


def names(database: Database, toys: Any) -> set[str]:
    with database.reading() as session:
        return set(session.exec(select(toys.models.Toy.name)).all())


def test_its_page_and_its_place_in_the_navigation_are_for_those_who_may(
    toy: Any, client: FlaskClient, sign_in: Callable[[str], FlaskClient]
):
    ben = sign_in("ben")
    page, permissions = ben.get("/toys"), ben.get("/account/permissions").text

    assert (page.status_code, "a red car" in page.text) == (200, True)
    assert '<a href="/toys" aria-current="page">Toys</a>' in page.text
    assert "Look at toys" in permissions
    cleo = sign_in("cleo")
    assert cleo.get("/toys").status_code == 403
    assert "/toys" not in cleo.get("/jobs").text


def test_its_due_rows_are_found_and_worked_off(app: Flask, toy: Any, toys: Any, tmp_path: Path):
    parts = context_of(app)
    queue = Queue(f"sqlite:///{tmp_path / 'queue.db'}", "toys")
    replace(parts, queue=queue).install(app)
    register_tasks(app)

    with app.app_context():
        woken = sweep(queue, parts.features.tasks, "sandbox", utc_now())
    queue.huey.execute(queue.huey.dequeue())

    assert woken == 1
    assert names(parts.database, toys) == {"a red car, wound up"}


def test_its_periodic_work_is_done_once_a_period(app: Flask, toys: Any):
    for _ in range(2):
        runner = PeriodicRunner(app, context_of(app).features.periodic)
        with app.app_context():
            runner.add_rows()
            runner.start_due()
        runner.close()

    assert names(context_of(app).database, toys) == {"a daily toy"}
    assert [each.every for each in context_of(app).features.periodic if each.name == "toys.make_toy"] == [
        timedelta(days=1)
    ]


def test_its_lines_of_the_trail_read_as_sentences(app: Flask, toy: Any, sign_in: Callable[[str], FlaskClient]):
    with app.app_context(), context_of(app).database.transaction() as session:
        record(session, "toy.broken", f"toy {toy.id}", utc_now(), who="worker")

    told = [item["sentence"] for item in sign_in("ada").get("/audit.json").get_json()["items"]]

    assert f"The worker broke a toy {str(toy.id)[:8]}…" in told


def test_its_health_check_is_run_under_its_heading(sign_in: Callable[[str], FlaskClient]):
    found = sign_in("ada").get("/settings/health.json").get_json()["duties"]

    assert {"group": "Data", "name": "Toys", "state": "ok", "sentence": "Every toy is whole.", "advice": ""} in found


def test_its_sealed_columns_are_walked_over(app: Flask):
    walked = [(column.table.__tablename__, column.name) for column in context_of(app).features.sealed_columns]

    assert ("toy", "name_sealed") in walked


def test_every_table_belongs_to_one_feature():
    """A module of models that no feature names would be there or not, as others happen to import it."""
    named = [
        table.__tablename__
        for feature in FEATURES
        for module in feature.models
        for table in vars(module).values()
        if issubclass(type(table), type)  # no proxy of Flask, which cannot be asked outside a request
        if hasattr(table, "__table__") and table.__module__ == module.__name__
    ]

    assert sorted(named) == sorted(metadata.tables)


def test_names_of_one_kind_are_given_once():
    def all_of(part: Callable[[Feature], Any]) -> list[str]:
        return [each.name for feature in FEATURES for each in part(feature)]

    for part in (lambda f: f.permissions, lambda f: f.tasks, lambda f: f.periodic, lambda f: f.health_checks):
        assert len(all_of(part)) == len(set(all_of(part)))
