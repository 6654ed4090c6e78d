"""Health checks in lines of text, for a terminal; the page has its template."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from dashboard.health.running import CheckResult
from dashboard.health_checks import State

WORDS: Mapping[State, str] = {
    State.OK: "fine",
    State.UNSET: "not set up",
    State.UNKNOWN: "not known",
    State.WARN: "look at this",
    State.BAD: "mend this",
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
    to_mend = sum(result.finding.state == State.BAD for result in results)
    to_look_at = sum(result.finding.state == State.WARN for result in results)
    if not to_mend and not to_look_at:
        return "Nothing has to be mended."
    parts = [
        f"{to_mend} {'thing has' if to_mend == 1 else 'things have'} to be mended" if to_mend else "",
        f"{to_look_at} should be looked at" if to_look_at else "",
    ]
    return ", ".join(part for part in parts if part) + "."
