"""`make docs-check`: finds what the documents name and the product does not have.

Checked are paths, links, `make` targets, `dashboard` commands and options, settings, routes, and names that are
written as `path` `NAME` or `module:NAME`. They are compared with the real things, and docs/operating.md has to name
every setting and every command. Tables that are made from code (docs/tables.py) have to be as they would be made now.
"""

import ast
import base64
import re
import secrets
import shlex
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from dashboard.app import create_app
from dashboard.cli import main as dashboard
from dashboard.config import PREFIX, READ_ELSEWHERE, Settings, unknown_variables
from dashboard.jobs.submitting.callback_keys import HOOK_PATH
from dashboard.sandbox.app import create_sandbox
from dashboard.sandbox.settings import SandboxSettings
from docs.tables import stale_tables

ROOT = Path(__file__).parents[1]
OPERATING = "docs/operating.md"
FILE_TYPES = (".css", ".csv", ".html", ".in", ".js", ".json", ".lock", ".md", ".png", ".py", ".toml", ".txt", ".yaml")
FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")
VARIABLE = re.compile(rf"\b{PREFIX}[A-Z0-9_]*[A-Z0-9]")
TARGET = re.compile(r"(?:^|\s)make ([a-z-]+)")
COMMAND = re.compile(r"(?:^|[\s/])(dashboard(?: .*)?)$", re.MULTILINE)
ROUTE = re.compile(r"(?:(?:GET|POST|PUT|DELETE) )?(/[^\s?]*)")
MODULE = re.compile(r"(dashboard(?:\.\w+)+)(?::([\w.]+))?")
PATH = re.compile(r"[\w.*<>-]+(?:/[\w.*<>-]+)*/?")
NAME = re.compile(r"[A-Za-z_][\w.]*")
#: What stands between a path and a name in it, and between that name and the next.
FIRST, NEXT = re.compile(r"\s+"), re.compile(r"(?:,|,? and)\s+")


def find_problems(folder: Path = ROOT) -> list[str]:
    """The problems of the documents in `folder`, each with its file and line."""
    documents = {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in _documents(folder)}
    return [
        f"{name}:{text.count(chr(10), 0, position) + 1}: {problem}"
        for name, text in documents.items()
        for position, problem in sorted(_problems_of(folder / name, _newest(text) if name == "CHANGELOG.md" else text))
    ] + [f"{OPERATING}: {missing} is not explained" for missing in _unexplained(documents[OPERATING])]


def _documents(folder: Path) -> Sequence[Path]:
    top = [folder / name for name in ("README.md", "SECURITY.md", "CHANGELOG.md")]
    return [*top, *sorted((folder / "docs").rglob("*.md"))]


def _newest(changes: str) -> str:
    """The section of the newest version."""
    return "\n## ".join(changes.split("\n## ")[:2])


def _problems_of(file: Path, text: str) -> Iterator[tuple[int, str]]:
    for found in VARIABLE.finditer(text):
        if unknown_variables([found[0]]):
            yield found.start(), f"there is no setting {found[0]}"
    for found in FENCED.finditer(text):
        if found[1] == "sh":
            for line in re.finditer(r".+", found[2]):
                for problem in _problems_of_commands(line[0]):
                    yield found.start(2) + line.start(), problem
    prose = FENCED.sub(lambda block: re.sub(r"[^\n]", " ", block[0]), text)
    for found in LINK.finditer(prose):
        target = (file.parent / found[1]) if found[1] else file
        if not target.exists() or (found[2] and found[2] not in headings(target)):
            yield found.start(), f"there is no {found[0][2:-1]} to link to"
    yield from stale_tables(text)
    yield from _problems_of_spans(prose)


def _problems_of_spans(prose: str) -> Iterator[tuple[int, str]]:
    path, between, end = "", FIRST, 0
    for found in SPAN.finditer(prose):
        span, gap = " ".join(found[1].split()), prose[end : found.start()]
        end = found.end()
        if path and not _is_path(span) and NAME.fullmatch(span) and between.fullmatch(gap):
            between = NEXT
            if not _defines(path, span):
                yield found.start(), f"there is no {span} in {path}"
            continue
        path, between = (span if _is_path(span) else ""), FIRST
        for problem in _problems_of_span(span):
            yield found.start(), problem


def _problems_of_span(span: str) -> Iterator[str]:
    if _is_path(span):
        if not _files(span):
            yield f"there is no file {span}"
    elif module := MODULE.fullmatch(span):
        path = module[1].replace(".", "/")
        path = f"{path}.py" if _files(f"{path}.py") else f"{path}/__init__.py"
        if not _files(path) or (module[2] and not _defines(path, module[2])):
            yield f"there is no {span}"
    elif route := ROUTE.match(span):
        path = re.sub(r"<[^>]*>", "<>", route[1])
        if not any(rule == path or rule.startswith(path.rstrip("/") + "/") for rule in routes()):
            yield f"there is no route {route[1]}"
    elif span.startswith("--") and span.split("=")[0].split()[0] not in {o for c in commands().values() for o in c}:
        yield f"no command has the option {span}"
    else:
        yield from _problems_of_commands(span)


def _problems_of_commands(line: str) -> Iterator[str]:
    line = " ".join(shlex.split(line, comments=True)) if "#" in line else line
    for target in TARGET.findall(line):
        if target not in targets():
            yield f"the Makefile has no target {target}"
    for command in COMMAND.findall(line):
        words = command.split()
        parts = [words.pop(0)]
        while words and " ".join([*parts, words[0]]) in commands():
            parts.append(words.pop(0))
        name = " ".join(parts)
        is_group = any(other.startswith(f"{name} ") for other in commands())
        for word in words[:1] if is_group else [word for word in words if word.startswith("--")]:
            if word.split("=")[0] not in commands()[name]:
                yield f"`{name}` has no {word}"


def _unexplained(text: str) -> Iterator[str]:
    variables = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    yield from sorted({*variables, *READ_ELSEWHERE} - set(VARIABLE.findall(text)))
    yield from (name for name in commands() if name not in text)


def _is_path(span: str) -> bool:
    return PATH.fullmatch(span) is not None and ("/" in span or span.endswith(FILE_TYPES))


@cache
def _files(path: str) -> list[Path]:
    """`<name>` and `*` stand for anything; a name without a folder may stand anywhere."""
    pattern = re.sub(r"<[^>]*>", "*", path.rstrip("/"))
    folders = (
        ["", *(f"{top}/**/" for top in ("dashboard", "templates", "static", "tests", "docs"))]
        if "/" not in path
        else [""]
    )
    return [found for folder in folders for found in ROOT.glob(folder + pattern)]


def _defines(path: str, name: str) -> bool:
    files = _files(path)
    return bool(files) and all(name in names_in(file) for file in files)


@cache
def names_in(file: Path) -> frozenset[str]:
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    if file.suffix != ".py":
        return frozenset(re.findall(r"\w+", text))
    return frozenset(_names(ast.parse(text).body))


def _names(body: Sequence[ast.stmt], prefix: str = "") -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield prefix + node.name
        if isinstance(node, ast.ClassDef):
            yield from _names(node.body, f"{prefix}{node.name}.")
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (prefix + part.id for each in targets for part in ast.walk(each) if isinstance(part, ast.Name))


def headings(file: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles}


@cache
def targets() -> frozenset[str]:
    return frozenset(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


@cache
def commands() -> dict[str, frozenset[str]]:
    """Each command and group with its options."""
    return dict(_walk(dashboard, "dashboard"))


def _walk(command: click.Command, name: str) -> Iterator[tuple[str, frozenset[str]]]:
    yield name, frozenset(option for parameter in command.params for option in parameter.opts) | {"--help"}
    if isinstance(command, click.Group):
        for word, inner in command.commands.items():
            yield from _walk(inner, f"{name} {word}")


@cache
def routes() -> frozenset[str]:
    """The routes of a demo, of its simulator, and of the receiver of callbacks. Nothing is started or stored."""
    with TemporaryDirectory() as folder:
        settings = Settings(
            secret_key=secrets.token_hex(32),
            encryption_keys=base64.b64encode(bytes(32)).decode(),
            smile_api_keys=secrets.token_hex(16),
            smile_partner_id="000",
            smile_server="0",
            public_url="http://localhost",
            instance_dir=Path(folder),
            queue_url="recording",
            is_demo=True,
        )
        apps = (create_app(settings), create_sandbox(SandboxSettings(instance_dir=Path(folder))))
    rules = {rule.rule for app in apps for rule in app.url_map.iter_rules()}
    return frozenset(re.sub(r"<[^>]*>", "<>", rule) for rule in {*rules, HOOK_PATH, f"{HOOK_PATH}/<job key>"})


if __name__ == "__main__":
    problems = find_problems()
    print("\n".join(problems) or "The documents name nothing that does not exist.")
    sys.exit(bool(problems))
