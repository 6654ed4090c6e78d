"""Health checks in words, for the terminal and the page."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from dashboard.health.running import CheckResult
from dashboard.health_checks import State

WORDS: Mapping[State, str] = {
    State.OK: "fine",
    State.UNSET: "not set up",
    State.UNKNOWN: "not known",
    State.WARN: "look at this",
    State.BAD: "fix this",
}


def as_lines(results: Sequence[CheckResult]) -> Iterator[str]:
    for group, members in groupby(results, key=lambda result: result.group):
        yield group
        for result in members:
            finding = result.finding
            yield f"  {WORDS[finding.state]:12}  {result.name}: {finding.sentence}"
            if finding.advice:
                yield f"  {'':12}  {finding.advice}"
    yield in_one_sentence(results)


def in_one_sentence(results: Sequence[CheckResult]) -> str:
    to_fix = sum(result.finding.state == State.BAD for result in results)
    to_look_at = sum(result.finding.state == State.WARN for result in results)
    if not to_fix and not to_look_at:
        return "Nothing needs to be fixed."
    parts = [
        f"{to_fix} {'thing needs' if to_fix == 1 else 'things need'} to be fixed" if to_fix else "",
        f"{to_look_at} should be looked at" if to_look_at else "",
    ]
    return ", ".join(part for part in parts if part) + "."
