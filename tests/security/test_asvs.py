"""The sheet of OWASP ASVS 5.0, level 2: each requirement that applies is shown by something that exists.

`asvs.csv` holds our own words alone. `scope`: it applies, it is an extra of level 3 that was taken on purpose, or it
does not apply and the reason says why. What shows it: a test, a rule of `make check`, a section of docs/security.md, or
the line of `dashboard doctor` that tells an operator whether their part is done.
"""

import ast
import csv
import re
from collections import Counter
from datetime import timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from limits import RateLimitItem

from dashboard.config import PACKAGE_DIR
from dashboard.web.serving.limits import MEGABYTE
from tests.factories.features import REGISTERED

ROOT = PACKAGE_DIR.parent
HERE = Path(__file__).parent
SHEET = list(csv.DictReader((HERE / "asvs.csv").read_text(encoding="utf-8").splitlines()))
APPLYING = [row for row in SHEET if row["scope"] == "applies"]
TAKEN = [row for row in SHEET if row["scope"] in ("applies", "extra")]
STATUSES = {"met", "not met", "operator"}
SECURITY = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ANCHORS = {
    re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-")
    for title in re.findall(r"^#+ (.+)$", SECURITY, re.MULTILINE)
}
RULES = set(re.findall(r"^  - id: (\S+)$", (HERE / "semgrep" / "desk.yaml").read_text(encoding="utf-8"), re.MULTILINE))
TOOLS = {"bandit": "/bandit ", "detect-secrets": "/detect-secrets-hook ", "import-linter": "/lint-imports"}
FIGURES = re.findall(r"^\| `(dashboard[\w.]*):(\w+)` \| (.+) \|$", SECURITY, re.MULTILINE)
FEWEST_MET = 170


@cache
def names_in(file: str) -> frozenset[str]:
    path = ROOT / file
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def shown_by(row: dict[str, str]) -> list[str]:
    return [named for named in row["test"].split("; ") if named]


def exists(named: str) -> bool:
    kind, _, rest = named.partition(":")
    if kind == "doctor":
        group, _, name = rest.partition("/")
        return any((check.group, check.name) == (group, name) for check in REGISTERED.health_checks)
    if kind == "semgrep":
        return rest in RULES
    if named in TOOLS:
        return TOOLS[named] in (ROOT / "Makefile").read_text(encoding="utf-8")
    file, _, anchor = named.partition("#")
    if file == "docs/security.md":
        return anchor in ANCHORS
    file, _, test = named.partition("::")
    return test.startswith("test_") and test in names_in(file)


def test_every_requirement_is_there_once():
    assert len({row["requirement"] for row in SHEET}) == len(SHEET)
    assert Counter(row["scope"] for row in SHEET) == {"applies": 189, "extra": 22, "n/a": 64}
    assert Counter(row["level"] for row in APPLYING) == {"L1": 61, "L2": 128}


def test_whatever_shows_a_requirement_exists():
    missing = [(row["requirement"], named) for row in TAKEN for named in shown_by(row) if not exists(named)]

    assert missing == []


def test_every_requirement_has_a_status_a_reason_and_something_that_shows_it():
    assert [row["requirement"] for row in TAKEN if row["status"] not in STATUSES] == []
    assert [row["requirement"] for row in SHEET if not row["reason"]] == []
    assert [row["requirement"] for row in TAKEN if row["status"] != "not met" and not shown_by(row)] == []


def test_what_an_operator_does_has_a_line_of_the_doctor():
    duties = [row for row in TAKEN if row["status"] == "operator"]

    assert [row["requirement"] for row in duties if not any(n.startswith("doctor:") for n in shown_by(row))] == []


def test_enough_is_met_and_all_of_level_1():
    by_level = {level: Counter(row["status"] for row in TAKEN if row["level"] == level) for level in ("L1", "L2", "L3")}
    met = sum(row["status"] == "met" for row in APPLYING)

    print(f"ASVS 5.0: {met} of {len(APPLYING)} met")
    for level, counts in by_level.items():
        print(f"  {level}: {', '.join(f'{counts[status]} {status}' for status in sorted(STATUSES))}")
    assert met >= FEWEST_MET
    assert [row["requirement"] for row in APPLYING if row["level"] == "L1" and row["status"] != "met"] == []


def in_words(value: Any) -> str:
    """As docs/security.md writes a constant."""
    if isinstance(value, timedelta):
        for unit, seconds in {"day": 86_400, "hour": 3600, "minute": 60}.items():
            count = value.total_seconds() / seconds
            if count.is_integer() and (unit != "day" or count > 3):
                return f"{count:.0f} {unit}{'' if count == 1 else 's'}"
        return f"{value.total_seconds():.0f} seconds"
    if isinstance(value, RateLimitItem):
        return f"{value.amount:,} per {value.multiples} {value.GRANULARITY.name}"
    if isinstance(value, dict):
        return "; ".join(f"{name}: {in_words(inner)}" for name, inner in value.items())
    if hasattr(value, "__dataclass_fields__"):
        return ", ".join(in_words(getattr(value, name)) for name in value.__dataclass_fields__)
    if isinstance(value, int) and value >= MEGABYTE and value % MEGABYTE == 0:
        return f"{value // MEGABYTE} MB"
    return f"{value:,.0f}"


@pytest.mark.parametrize(("module", "name", "written"), FIGURES, ids=lambda part: part if part.isidentifier() else "")
def test_figures_that_are_written_down_are_those_of_the_code(module: str, name: str, written: str):
    assert in_words(getattr(import_module(module), name)) == written


def test_figures_are_written_down_at_all():
    assert len(FIGURES) > 30
