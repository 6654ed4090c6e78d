"""The documents name only what exists, and the check that says so notices each kind of thing that does not."""

import re
import shutil
from pathlib import Path

import pytest

from docs.check import ROOT, commands, find_problems
from docs.tables import with_tables

ARCHITECTURE, OPERATING, README = "docs/architecture.md", "docs/operating.md", "README.md"
ANSWERS = (ROOT / ARCHITECTURE).read_text(encoding="utf-8").split("## Where is ...?")[1].split("\n## ")[0]
ROWS = re.findall(r"^\| (?!what \||---)(.+?) \| (.+) \|$", ANSWERS, re.MULTILINE)
PATH, NAME = re.compile(r"`[\w/.]+/[\w.]+`"), re.compile(r"`[A-Za-z_][\w.]*`")


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """A copy of all documents, without a problem."""
    for name in ("README.md", "SECURITY.md", "CHANGELOG.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("__pycache__"))
    assert find_problems(tmp_path) == []
    return tmp_path


def change(documents: Path, name: str, before: str, after: str) -> list[str]:
    """The problems after `before` was replaced by `after`, once."""
    text = (documents / name).read_text(encoding="utf-8")
    assert before in text
    (documents / name).write_text(text.replace(before, after, 1), encoding="utf-8")
    return find_problems(documents)


def add(documents: Path, name: str, line: str) -> list[str]:
    with (documents / name).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    return find_problems(documents)


def test_documents_name_only_what_exists():
    assert find_problems() == []


def test_ten_questions_are_answered():
    assert len(ROWS) == 10
    assert all(PATH.search(answer) and NAME.search(answer) for _, answer in ROWS)


@pytest.mark.parametrize(("question", "answer"), ROWS, ids=[question for question, _ in ROWS])
def test_answer_that_was_moved_is_noticed(documents: Path, question: str, answer: str):
    row = f"| {question} | {answer} |"
    moved = [answer.replace(path, f"{path[:-1]}.moved/x.py`") for path in PATH.findall(answer)]
    renamed = [answer.replace(name, f"`{name[1:-1]}_MOVED`", 1) for name in NAME.findall(answer)]

    for other in (*moved, *renamed):
        problems = change(documents, ARCHITECTURE, row, f"| {question} | {other} |")
        assert {problem.partition(":")[0] for problem in problems} == {ARCHITECTURE}, other
        assert change(documents, ARCHITECTURE, f"| {question} | {other} |", row) == []


@pytest.mark.parametrize("name", [README, OPERATING, ARCHITECTURE])
def test_table_that_is_made_from_code_is_compared_with_it(documents: Path, name: str):
    problems = change(documents, name, "| Biometric KYC |", "| Biometric |")

    assert len(problems) == 1
    assert "`.venv/bin/python -m docs.tables` makes it again" in problems[0]
    assert with_tables((documents / name).read_text(encoding="utf-8")) == (ROOT / name).read_text(encoding="utf-8")


def test_table_that_nothing_makes_is_noticed(documents: Path):
    (problem,) = add(documents, README, "<!-- table: prices -->\n<!-- end -->")

    assert problem.endswith("there is no table prices")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("See `dashboard/jobs/views.py`.", "there is no file dashboard/jobs/views.py"),
        ("See `no_such_file.py`.", "there is no file no_such_file.py"),
        ("See `dashboard/<slice>/no_such_file.py`.", "there is no file dashboard/<slice>/no_such_file.py"),
        ("See `dashboard/config.py`\n`Setting`.", "there is no Setting in dashboard/config.py"),
        ("See `dashboard/config.py` `Settings`, `PREFIXES` and `SLIP`.", "there is no PREFIXES in dashboard/config.py"),
        ("See `dashboard.config:Setting`.", "there is no dashboard.config:Setting"),
        ("See `dashboard.configs`.", "there is no dashboard.configs"),
        ("Run `make tests`.", "the Makefile has no target tests"),
        ("```sh\nmake tests  # all\n```", "the Makefile has no target tests"),
        ("Run `dashboard db repair`.", "`dashboard db` has no repair"),
        ("Run `dashboard doctor --quick`.", "`dashboard doctor` has no --quick"),
        ("```sh\n.venv/bin/dashboard web --threads 4 &\n```", "`dashboard web` has no --threads"),
        ("Add `--thread`.", "no command has the option --thread"),
        ("Set DASHBOARD_SECRETS.", "there is no setting DASHBOARD_SECRETS"),
        ("Open `/jobs/<id>/state`.", "there is no route /jobs/<id>/state"),
        ("It sends `POST /hooks/smiles`.", "there is no route /hooks/smiles"),
        ("[Here](docs/nowhere.md).", "there is no docs/nowhere.md to link to"),
        ("[Here](docs/security.md#nothing).", "there is no docs/security.md#nothing to link to"),
    ],
)
def test_what_does_not_exist_is_noticed(documents: Path, line: str, problem: str):
    [found] = add(documents, README, line)

    assert found.startswith(f"{README}:")
    assert found.endswith(problem)


def test_only_the_newest_changes_have_to_be_true(documents: Path):
    assert add(documents, "CHANGELOG.md", "## 0.0.1\n- Added `dashboard/old.py`.") == []
    assert change(documents, "CHANGELOG.md", "## Unreleased\n", "## Unreleased\n- Added `dashboard/old.py`.\n") != []


@pytest.mark.parametrize("name", ["DASHBOARD_LEASE", "DASHBOARD_SMTP_CA_FILE", "dashboard db check"])
def test_setting_or_command_that_is_not_explained_is_noticed(documents: Path, name: str):
    text = (documents / OPERATING).read_text(encoding="utf-8")
    (documents / OPERATING).write_text(text.replace(name, "it"), encoding="utf-8")

    assert f"{OPERATING}: {name} is not explained" in find_problems(documents)


def test_commands_are_those_of_the_program():
    assert commands()["dashboard keys rotate"] == {"--check", "--help"}


def test_first_page_is_short():
    text = (ROOT / README).read_text(encoding="utf-8")

    assert text.count("\n") <= 120
    assert len(text.split()) <= 900
