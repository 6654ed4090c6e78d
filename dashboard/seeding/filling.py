"""Fills a database with sample data: one transaction for each batch, which also notes how far it is."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session, col, select

from dashboard.audit.models import FIRST_PREVIOUS_HASH, AuditEntry
from dashboard.backups.offline import is_empty, refuse_while_in_use
from dashboard.callbacks.search_index import fill_callbacks, index_texts
from dashboard.context import Context
from dashboard.db import Database
from dashboard.errors import Conflict, Invalid
from dashboard.features import metadata
from dashboard.jobs.earlier_warnings import fill_warnings
from dashboard.jobs.name_search.filling import tend_index
from dashboard.jobs.name_search.parts import key_for_writing
from dashboard.jobs.name_search.switch import turn_switch
from dashboard.jobs.smile_api.api_choice import choose_apis, policy_address
from dashboard.jobs.submitting.link_progress import note_all_progress
from dashboard.jobs.submitting.phones import fill_digests
from dashboard.privacy.retention import read_rules, write_rules
from dashboard.rollups.folding import forget_counts, forget_deltas
from dashboard.rollups.working import recount
from dashboard.seeding.batches import TRAIL, Batch, Made, World, made_batches
from dashboard.seeding.company import OF_V3, Amounts, Company
from dashboard.seeding.image_rows import KEPT_FOR_DAYS
from dashboard.seeding.loading import Loader, drop_indexes, loader_for, missing_indexes
from dashboard.seeding.moments import datetime_of
from dashboard.seeding.progress import Progress, read_progress, write_progress
from dashboard.seeding.v3_answers import POLICY
from dashboard.smile.constants import SmileApi
from dashboard.smile_keys import read_keys, seed_keys
from dashboard.stored_settings import read_branding, write_branding

#: What is filled, in this order, and how much of it in one transaction.
BATCH_SIZES = {"members": 500, "sign_ins": 5000, "links": 4000, "jobs": 1000, TRAIL: 20_000}
LARGE = 20_000
TEXTS_AT_ONCE = 10_000
#: Nobody waits for the write lock meanwhile.
COUNTED_AT_ONCE = 20_000
#: For building indexes.
SQLITE_CACHE = "PRAGMA cache_size=-262144"


class Step(NamedTuple):
    """A batch that is stored: so many of a part are there now, and so many rows came with it."""

    part: str
    done: int
    rows: int


def prepare(parts: Context, amounts: Amounts, random_seed: int, now: datetime) -> Progress:
    """Begins, or finds how far an earlier run came. Raises Conflict where this database may not be filled."""
    database = parts.database
    if parts.settings.environment == "production":
        raise Conflict("Sample data is for a sandbox. This deployment sends jobs to Smile's production server.")
    _refuse_what_cannot_be(amounts)
    refuse_while_in_use(database)
    with database.reading() as session:
        earlier = read_progress(session)
    if earlier is not None:
        if (earlier.amounts, earlier.random_seed) != (amounts, random_seed):
            raise Conflict(
                f"This database was filled by `dashboard seed {in_words(earlier)}`. Only the same command continues it."
            )
        return earlier
    if not is_empty(database):
        raise Conflict("This database has data of its own. Sample data goes only into an empty database.")
    progress = Progress(amounts, random_seed, now)
    with database.transaction() as session:
        _make_ready(session, parts, progress)
        if _is_large(amounts):
            drop_indexes(session.connection())
        write_progress(session, progress, now)
    return progress


def in_words(progress: Progress) -> str:
    """The options of the command."""
    options = [f"--{name.replace('_', '-')} {count}" for name, count in asdict(progress.amounts).items()]
    return " ".join([*options, f"--random-seed {progress.random_seed}"])


def fill(parts: Context, progress: Progress, processes: int) -> Iterator[Step]:
    """Adds what is missing. Each step is committed before it is yielded."""
    database = parts.database
    with database.reading() as session:
        key = read_keys(session, parts.settings).signing
        name = read_branding(session, parts.settings).company_name
        _, last_hash = _last_line(session)
    with database.transaction() as session:
        name_key = key_for_writing(session, progress.until)
    world = World(
        progress.amounts, progress.random_seed, progress.until, parts.settings, name, key, last_hash, name_key
    )
    loader = loader_for(is_sqlite=database.is_sqlite)
    others = [batch for part in BATCH_SIZES if part != TRAIL for batch in _left(progress, part)]
    for batches in (others, list(_left(progress, TRAIL))):
        for made in made_batches(world, batches, processes):
            with database.transaction() as session:
                step = _load(session, loader, progress, made)
            yield step


def finish(parts: Context, progress: Progress, now: datetime) -> Iterator[str]:
    """Builds the indexes, counts and statistics. Yields what was done."""
    database = parts.database
    for table in build_missing_indexes(database):
        yield f"indexes of {table}"
    with database.transaction() as session:
        note_all_progress(session)
        forget_deltas(session)  # All rows are counted below.
    yield "progress of links"
    while _index_texts(database):
        pass
    yield "search texts of callbacks"
    for counted in parts.features.counted:
        sum(recount(database.reading, database.transaction, counted, COUNTED_AT_ONCE))
        yield f"counts of {counted.name}s"
    if not database.is_sqlite and _is_large(progress.amounts):
        tables = ", ".join(table.name for table in metadata.sorted_tables)
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"VACUUM (ANALYZE) {tables}"))
        yield "statistics"
    progress.is_finished = True
    with database.transaction() as session:
        write_progress(session, progress, now)


def build_missing_indexes(database: Database) -> Iterator[str]:
    """Makes the indexes that are not there, a table at a time. Yields the names of the tables."""
    with database.reading() as session:
        missing = missing_indexes(session.connection())
    for table, indexes in groupby(missing, key=lambda index: str(index.table)):
        with database.transaction_of_statements() as connection:
            if database.is_sqlite:
                connection.exec_driver_sql(SQLITE_CACHE)
            for index in indexes:
                index.create(connection)
        yield table


def _is_large(amounts: Amounts) -> bool:
    """Whether building indexes afterwards is worth it: an interrupted run leaves a database without them."""
    return bool(sum(asdict(amounts).values()) >= LARGE)


def _refuse_what_cannot_be(amounts: Amounts) -> None:
    wrong = {}
    if (amounts.callbacks or amounts.links or amounts.audit_lines) and not amounts.jobs:
        wrong["jobs"] = "callbacks, links and lines of the audit trail are about jobs, so there must be some"
    if amounts.sign_ins and not amounts.members:
        wrong["members"] = "sign-ins belong to members, so there must be some"
    if wrong:
        raise Invalid(wrong)


def _make_ready(session: Session, parts: Context, progress: Progress) -> None:
    """What a deployment of that age would have, and nothing that is only for rows of earlier versions."""
    begin = datetime_of(Company(progress.amounts, progress.random_seed, progress.until).calendar.begin)
    forget_counts(session)
    seed_keys(session, parts.settings, begin)
    write_rules(session, read_rules(session) | {"images": KEPT_FOR_DAYS}, begin)
    choose_apis(session, parts.settings, {OF_V3: SmileApi.V3}, progress.until)
    if not policy_address(session, parts.settings):
        branding = read_branding(session, parts.settings)
        write_branding(session, replace(branding, policy_url=POLICY), progress.until)
    fill_callbacks(session, 1)
    fill_digests(session, begin)
    fill_warnings(session, begin)
    turn_switch(session, is_on=True, now=begin)
    tend_index(session, 1, progress.until)


def _left(progress: Progress, part: str) -> Iterator[Batch]:
    size, total = BATCH_SIZES[part], getattr(progress.amounts, part)
    for begin in range(progress.done.get(part, 0), total, size):
        yield Batch(part, begin, min(begin + size, total))


def _load(session: Session, loader: Loader, progress: Progress, made: Made) -> Step:
    if made.batch.part == TRAIL and _last_line(session)[0] != made.batch.begin:
        raise Conflict("The audit trail has lines that were not made by `dashboard seed`, so it cannot continue.")
    for table, rows in made.tables:
        loader.load(session.connection(), table, rows)
    forget_deltas(session)  # All rows are counted at the end.
    progress.done[made.batch.part] = made.batch.end
    write_progress(session, progress, progress.until)
    return Step(made.batch.part, made.batch.end, made.rows)


def _index_texts(database: Database) -> int:
    """As the worker does, but more at once: nobody waits for the database."""
    with database.transaction() as session:
        return index_texts(session, TEXTS_AT_ONCE)


def _last_line(session: Session) -> tuple[int, str]:
    newest = select(AuditEntry.sequence, AuditEntry.hash).order_by(col(AuditEntry.sequence).desc()).limit(1)
    return session.exec(newest).first() or (0, FIRST_PREVIOUS_HASH)
