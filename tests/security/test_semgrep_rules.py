"""That no rule of ours can pass by finding nothing: each has an example that it must find, and one it must leave alone.

`make check` runs the rules over these examples; here is only looked that there are some.
"""

import re
from pathlib import Path

FOLDER = Path(__file__).parent / "semgrep"
RULES = re.findall(r"^  - id: (\S+)$", (FOLDER / "desk.yaml").read_text(encoding="utf-8"), re.MULTILINE)
EXAMPLES = [(FOLDER / name).read_text(encoding="utf-8") for name in ("desk.py", "desk.html")]


def named(mark: str) -> set[str]:
    lines = re.findall(rf"\b{mark}: ([\w, -]+?)(?: -->)?$", "\n".join(EXAMPLES), re.MULTILINE)
    return {rule for line in lines for rule in line.split(", ")}


def test_every_rule_has_an_example_that_it_must_find() -> None:
    assert len(RULES) >= 15
    assert named("ruleid") == set(RULES)


def test_every_rule_has_an_example_that_it_must_leave_alone() -> None:
    missing = set(RULES) - named("ok")

    assert missing == set()
