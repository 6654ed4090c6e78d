"""Phrases as people type them on Thursday 26 November 2026: those of `phrases.csv`, and some that are no filter."""

import csv
from pathlib import Path
from typing import NamedTuple


class Means(NamedTuple):
    phrase: str
    purpose: str
    filters: str  # as in an address


with Path(__file__).with_name("phrases.csv").open() as table:
    UNDERSTOOD = [Means(*row) for row in csv.reader(table, delimiter=";")][1:]

#: What is not understood of a phrase, and whether the rest of it is a filter.
NOT_UNDERSTOOD = [
    ("purple elephants", ["purple", "elephants"], False),
    ("hello", ["hello"], False),
    ("how are you", ["how", "you"], False),
    ("rejected purple", ["purple"], True),
    ("rejected by nobody", ["nobody"], True),
    ("cust-4411", ["cust-4411"], False),
    ("kenya document maybe", ["maybe"], True),
    ("atlantis rejected", ["atlantis"], True),
    ("wakanda", ["wakanda"], False),
    ("rejected tomorrow", ["tomorrow"], True),
    ("rejected next week", ["next", "week"], True),
    ("rejected 31 february", ["31"], True),
    ("rejected since", ["since"], True),
    ("rejected between monday", ["between"], True),
    ("rejected 2026-13-45", ["2026-13-45"], True),
    ("rejected 99/99/2026", ["99/99/2026"], True),
    ("rejected last 0 days", ["last", "0", "days"], True),
    ("kenya ghana", ["ghana (one at a time)"], True),
    ("approved rejected", ["rejected (one at a time)"], True),
    ("today yesterday", ["yesterday (one at a time)"], True),
    ("rejected links", ["rejected (no filter of links)"], True),
    ("approved callbacks", ["approved (no filter of callbacks)"], True),
    ("kenya links", ["kenya (no filter of links)"], True),
    ("paused jobs", ["paused (no filter of jobs)"], True),
    ("ben rejected", ["ben"], True),
    ("links callbacks", ["links (one list at a time)"], True),
    ("the of in", [], False),
    ("musa bello", ["musa", "bello"], False),
    ("22212345678", ["22212345678"], False),
    ("rejected id", ["id"], True),
    ("kyc", ["kyc"], False),
    ("rejected or not", ["not"], True),
]
