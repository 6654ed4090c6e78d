"""`python -m docs.tables`: writes the tables of the documents that are made from code. docs/check.py compares them.

A table stands between two comments, `<!-- table: NAME -->` and `<!-- end -->`.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from dashboard.jobs.products import FACTS
from dashboard.smile.constants import SmileApi

ROOT = Path(__file__).parents[1]
TABLE = re.compile(r"<!-- table: (\w+) -->\n(.*?)<!-- end -->", re.DOTALL)

Row = Sequence[object]


def _products() -> Iterator[Row]:
    yield "name", "`product`", "job type", "needs", "Smile answers", "page for customers", "Smile API"
    for product, facts in FACTS.items():
        page = f"`{facts.web_name}`" if facts.web_name else "none"
        answer = "at once" if facts.is_answered_at_once else "later"
        yield facts.name, f"`{product}`", facts.job_type, facts.needs, answer, page, ", ".join(facts.apis)


def _apis() -> Iterator[Row]:
    yield "product", *SmileApi
    for facts in FACTS.values():
        yield facts.name, *("yes" if api in facts.apis else "no" for api in SmileApi)


def _differences() -> Iterator[Row]:
    yield "product", "with v3"
    for facts in FACTS.values():
        yield facts.name, facts.v3.differs if facts.v3 else "Smile has no v3 of it."


TABLES: Mapping[str, Callable[[], Iterator[Row]]] = {
    "products": _products,
    "apis": _apis,
    "differences": _differences,
}


def table(name: str) -> str:
    """One table as Markdown."""
    head, *rows = TABLES[name]()
    written = [f"| {' | '.join(map(str, row))} |" for row in (head, *rows)]
    return "\n".join((written[0], "|---" * len(head) + "|", *written[1:], ""))


def stale_tables(text: str) -> Iterator[tuple[int, str]]:
    """Where each table begins that is not as it would be made, and what is wrong with it."""
    for found in TABLE.finditer(text):
        if found[1] not in TABLES:
            yield found.start(), f"there is no table {found[1]}"
        elif found[2] != table(found[1]):
            yield found.start(), f"the table {found[1]} is old: `.venv/bin/python -m docs.tables` makes it again"


def with_tables(text: str) -> str:
    """The text with its tables made again."""

    def made(found: re.Match[str]) -> str:
        return f"<!-- table: {found[1]} -->\n{table(found[1])}<!-- end -->" if found[1] in TABLES else found[0]

    return TABLE.sub(made, text)


if __name__ == "__main__":
    for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        before = path.read_text(encoding="utf-8")
        if (after := with_tables(before)) != before:
            path.write_text(after, encoding="utf-8")
