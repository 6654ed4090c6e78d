"""The public docstrings of the client and the simulator hold what can be checked: meaning, units, errors, source.

`python -m tests.unit.core.test_docstrings [root]` prints how many public things of each package hold all that apply.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("smile", "sandbox")
SOURCE = re.compile(r"https://(docs\.usesmileid\.com|github\.com/smileidentity)/\S+|\b[Nn]ot documented\b")
#: A first line is a sentence, or the introduction of a list, never a bare address.
MEANING = re.compile(r"(?!https?:)\S.*[.:]")
UNIT = re.compile(r"\b(milliseconds?|seconds?|bytes?|currency|ISO 8601)\b")
#: Names of numbers that need a unit, which the name itself or the docstring gives.
MEASURED = re.compile(
    r"(?:^|_)(?:timeout|wait|delay|age|lifetime|due|at|now|timestamp|expires|size|balance|price|spent|moment|retry_after)$"
)
ROUTES = {"get", "post", "put", "delete", "route"}
CHECKED_ANSWER = frozenset({"TransportFailed", "Refused", "BadSignature"})
#: Ends of calls on objects: what the client reaches the network with, and the errors that these raise.
CLIENT_CALLS = {
    "partner.ask": CHECKED_ANSWER,
    "partner.submit": CHECKED_ANSWER,
    "transport.read": frozenset({"TransportFailed", "Refused"}),
    "transport.put_stream": frozenset({"TransportFailed", "Refused"}),
    "transport.call": frozenset({"TransportFailed", "Refused"}),
    "account.submit": frozenset({"InvalidRequest", "TransportFailed", "Refused"}),
    "account.ask": frozenset({"TransportFailed", "Refused"}),
    "account.fetch_token": frozenset({"TransportFailed", "Refused"}),
    "account.check_signature": frozenset({"BadSignature"}),
    "account.built": frozenset({"InvalidRequest"}),
    "job.prepare": CHECKED_ANSWER,
    "job.send": frozenset({"InvalidRequest", "TransportFailed", "Refused"}),
    "_id_api.submit_job": CHECKED_ANSWER | {"InvalidRequest"},
    "_utilities.get_job_status": CHECKED_ANSWER | {"InvalidRequest"},
    "_utilities.wait_for_result": CHECKED_ANSWER | {"InvalidRequest", "JobStillRunning"},
}
Function = ast.FunctionDef | ast.AsyncFunctionDef
Caught = frozenset[str]


class Package:
    """One package: its files, and what its functions raise."""

    def __init__(self, name: str, root: Path = ROOT) -> None:
        self.name = name
        folder = root / "dashboard"
        self.modules = {
            ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): Module(path)
            for path in sorted((folder / name).rglob("*.py"))
        }

    @cached_property
    def lacking(self) -> dict[str, list[str]]:
        """Every public module, class, function and method -> the parts that its docstring lacks."""
        lacking = {}
        for module_name, module in self.modules.items():
            lacking[module_name] = _lacks(module.tree, set())
            for name, node in module.classes.items():
                if _is_public(name):
                    made = f"{name}.__init__"
                    errors, _ = self._calls(module_name, made) if made in module.functions else (set(), False)
                    lacking[f"{module_name}.{name}"] = _lacks(node, errors)
            for name, function in module.functions.items():
                if all(map(_is_public, name.split("."))):
                    errors, reaches_network = self._calls(module_name, name)
                    is_view = (".api." in module_name or ".v3." in module_name) and any(
                        map(_is_route, function.decorator_list)
                    )
                    lacking[f"{module_name}.{name}"] = _lacks(function, errors, needs_source=is_view or reaches_network)
        return lacking

    def _calls(self, module_name: str, name: str, seen: frozenset[str] = frozenset()) -> tuple[set[str], bool]:
        """What a function raises, itself or through functions of this package, and whether it calls the network."""
        module = self.modules[module_name]
        errors: set[str] = set()
        reaches_network = False
        for node, caught in _nodes(module.functions[name].body, frozenset()):
            raised: Iterable[str] = ()
            if isinstance(node, ast.Raise) and node.exc is not None:
                raised = {_dotted(node.exc.func if isinstance(node.exc, ast.Call) else node.exc)} & _classes(node.exc)
            elif isinstance(node, ast.Call):
                called = _dotted(node.func)
                end = next((end for end in CLIENT_CALLS if f".{called}".endswith((f".{end}", f"_{end}"))), None)
                found = self._found(module_name, name, called)
                if self.name == "smile" and end:
                    raised, reaches_network = CLIENT_CALLS[end], True
                elif found and ".".join(found) not in seen:
                    raised, is_network = self._calls(*found, seen | {".".join(found)})
                    reaches_network = reaches_network or is_network
            errors |= set(raised) - caught
        return errors, reaches_network

    def _found(self, module_name: str, caller: str, called: str) -> tuple[str, str] | None:
        """The module and the name of a called function of this package."""
        module = self.modules[module_name]
        owner, (first, _, rest) = caller.rpartition(".")[0], called.partition(".")
        if first == "self" and f"{owner}.{rest}" in module.functions:
            return module_name, f"{owner}.{rest}"
        if called in module.functions:
            return module_name, called
        full = module.imports.get(first, first) + (f".{rest}" if rest else "")
        other, _, name = full.rpartition(".")
        return (other, name) if other in self.modules and name in self.modules[other].functions else None


class Module:
    """One parsed file."""

    def __init__(self, path: Path) -> None:
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        self.classes = {node.name: node for node in self.tree.body if isinstance(node, ast.ClassDef)}
        self.functions: dict[str, Function] = {node.name: node for node in self.tree.body if isinstance(node, Function)}
        for name, node in self.classes.items():
            self.functions |= {f"{name}.{part.name}": part for part in node.body if isinstance(part, Function)}
        self.imports = {
            alias.asname or alias.name: f"{node.module}.{alias.name}"
            for node in self.tree.body
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }


def _lacks(node: ast.Module | ast.ClassDef | Function, errors: set[str], *, needs_source: bool = False) -> list[str]:
    text = ast.get_docstring(node) or ""
    if not text:
        return ["docstring"]
    raised = text.partition("Raises ")[2]
    lacking = [] if MEANING.fullmatch(text.split("\n")[0]) else ["meaning in its first line"]
    if any(map(MEASURED.search, _numbers(node))) and not UNIT.search(text):
        lacking.append("unit")
    lacking += [f"error {name}" for name in sorted(errors) if not re.search(rf"\b{name}\b", raised)]
    if needs_source and not SOURCE.search(text):
        lacking.append("source")
    return lacking


def _numbers(node: ast.AST) -> Iterator[str]:
    """The names of numeric arguments, results and fields."""
    if isinstance(node, Function):
        arguments = (*node.args.args, *node.args.kwonlyargs)
        yield from (argument.arg for argument in arguments if _is_number(argument.annotation))
        if _is_number(node.returns):
            yield node.name
    elif isinstance(node, ast.ClassDef):
        for part in node.body:
            if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name) and _is_number(part.annotation):
                yield part.target.id
            elif isinstance(part, Function) and part.name == "__init__":
                yield from _numbers(part)


def _is_number(annotation: ast.expr | None) -> bool:
    return annotation is not None and re.search(r"\b(int|float)\b", ast.unparse(annotation)) is not None


def _nodes(nodes: Iterable[ast.AST], caught: Caught) -> Iterator[tuple[ast.AST, Caught]]:
    """Every node with the errors that are caught around it; functions inside functions are left out."""
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            continue
        yield node, caught
        if isinstance(node, ast.Try):
            names = {name for handler in node.handlers if handler.type for name in _classes(handler.type)}
            yield from _nodes(node.body, caught | names)
            yield from _nodes([*node.handlers, *node.orelse, *node.finalbody], caught)
        else:
            yield from _nodes(ast.iter_child_nodes(node), caught)


def _classes(node: ast.expr) -> set[str]:
    """The names with a capital letter in an expression."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and part.id[:1].isupper()}


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _is_route(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Call) and _dotted(decorator.func).rpartition(".")[2] in ROUTES


def _is_public(name: str) -> bool:
    return not name.startswith("_")


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_docstring_gives_meaning_units_errors_and_source(package: str) -> None:
    lacking = {name: parts for name, parts in Package(package).lacking.items() if parts}
    assert not lacking, "\n".join(f"{name} lacks: {', '.join(parts)}" for name, parts in lacking.items())


def test_every_source_is_a_page_of_smile_id() -> None:
    others = [
        f"{path.relative_to(ROOT)}: {address}"
        for package in PACKAGES
        for path in (ROOT / "dashboard" / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        for address in re.findall(r"https://[^\s`\")]+", ast.get_docstring(node) or "")
        if not SOURCE.fullmatch(address)
    ]
    assert not others


@pytest.mark.parametrize(
    ("code", "parts"),
    [
        ("def plain(text): ...", ["docstring"]),
        ('def plain(text):\n    """https://docs.usesmileid.com/results"""', ["meaning in its first line"]),
        ('def plain(timeout: float):\n    """Wait."""', ["unit"]),
        ('def plain(timeout: float):\n    """Wait so many seconds."""', []),
        ('def plain(text):\n    """Check."""\n    raise KeyError(text)', ["error KeyError"]),
        ('def plain(text):\n    """Check. Raises KeyError."""\n    raise KeyError(text)', []),
        (
            'def plain(text):\n    """Check."""\n    _inner(text)\ndef _inner(text):\n    raise KeyError',
            ["error KeyError"],
        ),
        ('def plain():\n    """Check."""\n    try:\n        raise KeyError\n    except KeyError:\n        pass', []),
        (
            'def plain(partner):\n    """Ask. Raises TransportFailed, Refused, BadSignature."""\n    partner.ask()',
            ["source"],
        ),
    ],
)
def test_a_missing_part_is_found(tmp_path: Path, code: str, parts: list[str]) -> None:
    folder = tmp_path / "dashboard" / "smile"
    folder.mkdir(parents=True)
    (folder / "one.py").write_text(f'"""One."""\n{code}\n')
    assert Package("smile", tmp_path).lacking["dashboard.smile.one.plain"] == parts


if __name__ == "__main__":
    for package_name in PACKAGES:
        parts_lacking = Package(package_name, Path(sys.argv[1]) if sys.argv[1:] else ROOT).lacking.values()
        written = sum(parts != ["docstring"] for parts in parts_lacking)
        whole = sum(not parts for parts in parts_lacking)
        print(f"{package_name}: {len(parts_lacking)} public, {written} with a docstring, {whole} with all that apply")
