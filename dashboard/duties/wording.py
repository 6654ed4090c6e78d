"""Duties in lines of text, for a terminal; the page has its template."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from dashboard.duties.duty import Duty, State

WORDS: Mapping[State, str] = {
    State.OK: "fine",
    State.UNKNOWN: "not known",
    State.WARN: "look at this",
    State.BAD: "mend this",
}


def as_lines(duties: Sequence[Duty]) -> Iterator[str]:
    for group, members in groupby(duties, key=lambda duty: duty.group):
        yield group
        for duty in members:
            finding = duty.finding
            yield f"  {WORDS[finding.state]:12}  {duty.name}: {finding.sentence}"
            if finding.advice:
                yield f"  {'':12}  {finding.advice}"
    yield in_one_sentence(duties)


def in_one_sentence(duties: Sequence[Duty]) -> str:
    to_mend = sum(duty.finding.state == State.BAD for duty in duties)
    to_look_at = sum(duty.finding.state == State.WARN for duty in duties)
    if not to_mend and not to_look_at:
        return "Nothing has to be mended."
    parts = [
        f"{to_mend} {'thing has' if to_mend == 1 else 'things have'} to be mended" if to_mend else "",
        f"{to_look_at} should be looked at" if to_look_at else "",
    ]
    return ", ".join(part for part in parts if part) + "."
