"""The table "given and returned": the customer's details next to Smile's, with how they compare."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.crypto import CANNOT_BE_OPENED
from dashboard.jobs.comparing.countries import compare_countries
from dashboard.jobs.comparing.dates import compare_dates
from dashboard.jobs.comparing.likeness import Comparison, Likeness
from dashboard.jobs.comparing.names import compare_names
from dashboard.jobs.comparing.phones import compare_phones
from dashboard.jobs.comparing.values import compare_genders, compare_numbers, compare_texts
from dashboard.smile.constants import NOT_AVAILABLE
from dashboard.smile.results import parse_result
from dashboard.smile.v3_names import FIELDS

MISSING = frozenset({"", NOT_AVAILABLE, "N/A", "None"})


@dataclass(frozen=True)
class ComparedRow:
    """One line of the table: its fields, and the name of the Action in which Smile compares them."""

    label: str
    given: tuple[str, ...]
    returned: tuple[str, ...]
    compare: Callable[[str, str, str], Comparison] = compare_texts
    action: str = ""


ROWS = (
    ComparedRow("Name", ("first_name", "middle_name", "last_name"), ("FullName",), compare_names, "Names"),
    ComparedRow("Number", ("id_number",), ("IDNumber",), compare_numbers),
    ComparedRow("Date of birth", ("dob",), ("DOB",), compare_dates, "DOB"),
    ComparedRow("Gender", ("gender",), ("Gender",), compare_genders, "Gender"),
    ComparedRow("Phone", ("phone_number",), ("PhoneNumber",), compare_phones, "Phone_Number"),
    ComparedRow("Address", ("postal_address",), ("Address",)),
    ComparedRow("Country", ("country",), ("Country",), compare_countries),
    ComparedRow("ID type", ("id_type",), ("IDType",), compare_numbers),
    ComparedRow("Expires", (), ("ExpirationDate",)),
)
SENSITIVE_ROWS = frozenset({"Number", "Phone", "Address"})  # masked until they are revealed
PERSONAL_ROWS = frozenset({"Name", "Date of birth", "Gender"})
#: Shown for a person whose sealed details cannot be opened: one field per line that they may have filled.
UNREADABLE_PERSON = {
    row.given[0]: CANNOT_BE_OPENED for row in ROWS if row.label in {*PERSONAL_ROWS, "Phone", "Address"}
}


@dataclass(frozen=True)
class Compared:
    label: str
    given: str
    returned: str
    comparison: Comparison | None  # None when there is nothing to compare
    said: str = ""  # Smile's own word on the comparison

    @property
    def differs(self) -> bool:
        return self.comparison is not None and self.comparison.likeness == Likeness.DIFFERS

    @property
    def is_sensitive(self) -> bool:
        return self.label in SENSITIVE_ROWS

    @property
    def is_personal(self) -> bool:
        return self.label in PERSONAL_ROWS


def compare(given: Mapping[str, Any], returned: dict[str, Any]) -> list[Compared]:
    """One line for each detail that either side has. `given` has its country as two letters.

    A detail that cannot be opened says so in its line and is not compared.
    """
    result = parse_result(returned)
    said, entry = dict(result.actions), result.entry
    country = _text(given.get("country"))
    rows = []
    for row in ROWS:
        left = " ".join(filter(None, (_text(given.get(name)) for name in row.given)))
        right = " ".join(filter(None, (_text(entry.get(name)) for name in row.returned)))
        smile_said = said.get(row.action, "")
        if left or right:
            may_compare = left and right and left != CANNOT_BE_OPENED
            comparison = row.compare(left, right, country) if may_compare else None
            rows.append(Compared(row.label, left, right, comparison, smile_said))
    return rows


def is_compared(name: str) -> bool:
    """Whether the table shows this given field."""
    return any(name in row.given for row in ROWS)


def is_compared_at_smile(name: str) -> bool:
    """Whether the table shows this field of `id_fields`, or a part of it."""
    shown = {name for row in ROWS for name in row.returned} | {"FirstName", "LastName", "OtherName"}
    return any(FIELDS.get(each) == name for each in shown)


def _text(value: Any) -> str:
    """The value as text; empty where Smile has none, or where it is not a plain value."""
    text = str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    return "" if text in MISSING else text
