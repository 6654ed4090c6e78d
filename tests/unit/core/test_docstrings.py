"""The public docstrings of the client and the simulator say what can be checked: meaning, units, errors, source.

`python -m tests.unit.core.test_docstrings [root]` prints how many public things of each package have all four.
"""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("smile", "sandbox")
SOURCE = re.compile(
    r"https://(docs\.usesmileid\.com|github\.com/smileidentity)/|\b[Nn]ot documented\b|\b[Uu]ndocumented\b"
)
SENTENCE = re.compile(r"[\"`'“(/<]*[A-Z0-9a-z_].*[.:]$")
UNIT = re.compile(
    r"\b(milli)?seconds?\b|\bbytes?\b|\bpixels\b|\bcharacters\b|\bcurrency\b|\bISO 8601\b|\b1970\b|\btimes\b"
)
#: Names of numbers that mean nothing without their unit, unless the name ends in it.
MEASURED = re.compile(
    r"(?:^|_)(?:timeout|wait|delay|age|lifetime|due|at|now|timestamp|expires|size|length|balance|price|spent|moment"
    r"|retry_after|gap)$"
)
ROUTES = {"get", "post", "put", "delete", "route"}
#: What the client's classes reach the network with, and the errors that come back.
NETWORK = {
    "_partner.ask": ("TransportFailed", "Refused", "BadSignature"),
    "_partner.submit": ("TransportFailed", "Refused", "BadSignature"),
    "partner.submit": ("TransportFailed", "Refused", "BadSignature"),
    "transport.read": ("TransportFailed", "Refused"),
    "transport.put_stream": ("TransportFailed", "Refused"),
}
#: Helpers that raise for their callers.
RAISERS = {"refuse_if": "InvalidRequest"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Thing:
    """One public module, class, function or method."""

    path: str
    name: str
    node: ast.Module | ast.ClassDef | Function
    errors: set[str] = field(default_factory=set)
    needs_source: bool = False

    @property
    def docstring(self) -> str:
        return ast.get_docstring(self.node) or ""

    def lacks(self) -> list[str]:
        """The parts that the docstring should have and has not."""
        text = self.docstring
        if not text:
            return ["docstring"]
        lacking = []
        if not SENTENCE.fullmatch(text.split("\n")[0].strip()) or text.startswith("http"):
            lacking.append("meaning in its first line")
        if any(map(MEASURED.search, _numbers(self.node))) and not UNIT.search(text):
            lacking.append("unit")
        raised = text.partition("Raises ")[2]
        lacking += [f"error {name}" for name in sorted(self.errors) if name not in raised]
        if self.needs_source and not SOURCE.search(text):
            lacking.append("source")
        return lacking


def _numbers(node: ast.AST) -> Iterator[str]:
    """The names of arguments, fields and results that are numbers."""
    if isinstance(node, Function):
        for argument in (*node.args.args, *node.args.kwonlyargs):
            if _is_number(argument.annotation):
                yield argument.arg
        if _is_number(node.returns):
            yield node.name
    elif isinstance(node, ast.ClassDef):
        for part in node.body:
            if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name) and _is_number(part.annotation):
                yield part.target.id
            if isinstance(part, ast.FunctionDef) and part.name == "__init__":
                yield from _numbers(part)


def _is_number(annotation: ast.expr | None) -> bool:
    return annotation is not None and re.search(r"\b(int|float)\b", ast.unparse(annotation)) is not None


class Module:
    """One parsed file, and what each of its functions raises."""

    def __init__(self, path: Path, root: Path) -> None:
        self.path = str(path.relative_to(root))
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        self.functions: dict[str, Function] = {}
        self.classes: dict[str, ast.ClassDef] = {}
        for node in self.tree.body:
            if isinstance(node, Function):
                self.functions[node.name] = node
            elif isinstance(node, ast.ClassDef):
                self.classes[node.name] = node
                self.functions |= {f"{node.name}.{part.name}": part for part in node.body if isinstance(part, Function)}

    def errors(self, name: str, seen: frozenset[str] = frozenset()) -> set[str]:
        """Errors that a function raises itself, or through private functions of the same file."""
        node, owner = self.functions[name], name.rpartition(".")[0]
        found: set[str] = set()
        for part, caught in _walk(node.body, frozenset()):
            raised: set[str] = set()
            if isinstance(part, ast.Raise) and part.exc is not None:
                raised = {_called(part.exc)} & set(_error_names(part.exc))
            elif isinstance(part, ast.Call):
                called = _dotted(part.func)
                last = called.rpartition(".")[2]
                raised |= {RAISERS[last]} if last in RAISERS else set()
                raised |= set(next((errors for end, errors in NETWORK.items() if called.endswith(end)), ()))
                private = f"{owner}.{last}" if called == f"self.{last}" else called
                if last.startswith("_") and private in self.functions and private not in seen:
                    raised |= self.errors(private, seen | {name})
            found |= raised - caught
        return found

    def reaches_network(self, name: str, seen: frozenset[str] = frozenset()) -> bool:
        node, owner = self.functions[name], name.rpartition(".")[0]
        for part, _ in _walk(node.body, frozenset()):
            if isinstance(part, ast.Call):
                called = _dotted(part.func)
                last = called.rpartition(".")[2]
                inner = f"{owner}.{last}"
                if called.endswith(tuple(NETWORK)):
                    return True
                if called == f"self.{last}" and inner in self.functions and inner not in seen | {name}:
                    if self.reaches_network(inner, seen | {name}):
                        return True
        return False

    def things(self, package: str) -> Iterator[Thing]:
        yield Thing(self.path, "", self.tree)
        for name, node in self.functions.items():
            owner, _, own = name.rpartition(".")
            if not _is_public(own) or (owner and not _is_public(owner)):
                continue
            is_view = package == "sandbox" and "/api/" in self.path and any(map(_is_route, node.decorator_list))
            asks = package == "smile" and self.reaches_network(name)
            yield Thing(self.path, name, node, self.errors(name), is_view or asks)
        for name, node in self.classes.items():
            if _is_public(name):
                made = f"{name}.__init__"
                yield Thing(self.path, name, node, self.errors(made) if made in self.functions else set())


def _walk(nodes: list[ast.AST] | list[ast.stmt], caught: frozenset[str]) -> Iterator[tuple[ast.AST, frozenset[str]]]:
    """Every node with the errors that are caught around it; functions within functions are left out."""
    for node in nodes:
        if isinstance(node, (*Function.__args__, ast.Lambda, ast.ClassDef)):
            continue
        yield node, caught
        if isinstance(node, ast.Try):
            names = {name for handler in node.handlers if handler.type for name in _error_names(handler.type)}
            yield from _walk(node.body, caught | names)
            yield from _walk([*node.handlers, *node.orelse, *node.finalbody], caught)
        else:
            yield from _walk(list(ast.iter_child_nodes(node)), caught)


def _error_names(node: ast.expr) -> list[str]:
    """The classes in an expression: names with a capital letter that no name owns."""
    return [part.id for part in ast.walk(node) if isinstance(part, ast.Name) and part.id[:1].isupper()]


def _called(node: ast.expr) -> str:
    return _dotted(node.func if isinstance(node, ast.Call) else node)


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _is_route(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Call) and _dotted(decorator.func).rpartition(".")[2] in ROUTES


def _is_public(name: str) -> bool:
    return not name.startswith("_")


@cache
def public_things(package: str, root: Path = ROOT) -> list[Thing]:
    files = sorted((root / "dashboard" / package).rglob("*.py"))
    return [thing for path in files for thing in Module(path, root).things(package)]


def _counts(root: Path) -> Mapping[str, tuple[int, int, int]]:
    return {
        package: (
            len(things),
            sum(bool(thing.docstring) for thing in things),
            sum(not thing.lacks() for thing in things),
        )
        for package in PACKAGES
        for things in [public_things(package, root)]
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_thing_says_what_it_means_in_which_unit_what_it_raises_and_where_that_is_written(
    package: str,
) -> None:
    lacking = [
        f"{thing.path}: {thing.name or 'module'} lacks {', '.join(parts)}"
        for thing in public_things(package)
        if (parts := thing.lacks())
    ]
    assert not lacking, "\n".join(lacking)


if __name__ == "__main__":
    for package, (count, present, whole) in _counts(Path(sys.argv[1]) if sys.argv[1:] else ROOT).items():
        print(f"{package}: {count} public, {present} with a docstring, {whole} with all parts that apply")
