"""20,000 answers and as many callbacks in which any documented field has any JSON type, and all that shows them."""

import logging
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import structlog
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from dashboard import migrations
from dashboard.app import create_app
from dashboard.context import context_of
from dashboard.jobs.products import Product
from tests.__main__ import MEMORY, has_room_in_memory
from tests.benchmarks.report import Figure
from tests.conftest import let_in, make_settings
from tests.factories.answers import BODIES, ENTRIES, STATUSES
from tests.factories.team import make_member
from tests.unit.jobs.any_answer import AnyAnswer, Tally

EACH = 20_000
#: So many are given to one app, so that its lists and exports stay of a size; each core works on one app.
OF_ONE_APP = 1000


def measure(folder: Path, each: int = EACH) -> list[Figure]:
    shards = range(each // OF_ONE_APP)
    tally = Tally()
    in_memory = MEMORY if has_room_in_memory() else folder  # Nothing here is about what a disk keeps.
    with TemporaryDirectory(dir=in_memory) as place, ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for part in pool.map(measure_shard, repeat(Path(place)), shards):
            tally.add(part)
            print(f"       {tally.line()}", flush=True)
    return figures(tally, each)


def measure_shard(folder: Path, shard: int, each: int = OF_ONE_APP) -> Tally:
    path = folder / str(shard)
    app = create_app(make_settings(path, database_url=f"sqlite:///{path / 'dashboard.db'}"))
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    app.config["WTF_CSRF_ENABLED"] = False
    database = context_of(app).database
    migrations.upgrade(database)
    context_of(app).throttle.hit = lambda *_: True
    client = app.test_client()
    let_in(client, make_member(database, "ben"))
    suite = AnyAnswer(app, client)
    answer_and_call(suite, shard, each)
    suite.look_at_lists()
    database.dispose()
    return suite.tally


def answer_and_call(suite: AnyAnswer, shard: int, each: int) -> None:
    many = settings(
        max_examples=each,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )

    @seed(shard)
    @many
    @given(ENTRIES | STATUSES, st.sampled_from(Product), st.booleans())
    def answer(given_answer: dict[str, Any], product: Product, is_settled: bool) -> None:
        suite.answer(given_answer, product, is_settled)

    @seed(shard)
    @many
    @given(BODIES, st.sampled_from(Product), st.booleans(), st.booleans())
    def call(body: dict[str, Any], product: Product, is_settled: bool, is_at_own_address: bool) -> None:
        suite.callback(body, product, is_settled, is_at_own_address)

    answer()
    call()


def figures(tally: Tally, each: int) -> list[Figure]:
    what = f"of {each} answers and {each} callbacks"
    for failure in (tally.failures + tally.wrongly_approved + tally.changed_by_a_claim)[:5]:
        print(f"       {failure[:300]}")
    return [
        Figure("any answer: 5xx", len(tally.failures), what, 0, is_at_least=False, details=tally.line()),
        Figure("any answer: outcome approved where the code is not an approving one", len(tally.wrongly_approved), what,
               0, is_at_least=False),
        Figure("any answer: outcomes that a callback changed", len(tally.changed_by_a_claim), what, 0,
               is_at_least=False),
    ]  # fmt: skip
