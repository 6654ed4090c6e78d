"""The rules for single fields of v3's requests, by the names of the fields."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from dashboard.smile import validation
from dashboard.smile.typed import has_control_characters
from dashboard.smile.v3 import constants
from dashboard.smile.validation import Wrong

Check = Callable[[Any, str, Wrong], None]


def check_value(name: str, value: Any, wrong: Wrong) -> None:
    """Check the value of one field, if the name has a rule. wrong: takes what is wrong, by field."""
    if check := CHECKS.get(name):
        check(value, name, wrong)


def checked_choice(value: Any, choices: Sequence[str], name: str, wrong: Wrong) -> None:
    """Check that a text is one of the choices."""
    validation.check_text(value, name, wrong)
    if name not in wrong and value not in choices:
        wrong[name] = "has to be one of " + ", ".join(choices)


def _one_of(choices: Sequence[str]) -> Check:
    return lambda value, name, wrong: checked_choice(value, choices, name, wrong)


def _country(value: Any, name: str, wrong: Wrong) -> None:
    validation.check_text(value, name, wrong)
    if name not in wrong and not (len(value) == 2 and value.isascii() and value.isalpha() and value.isupper()):
        wrong[name] = "has to be a country code of two capital letters"


def _countries(value: Any, name: str, wrong: Wrong) -> None:
    if not isinstance(value, Sequence) or isinstance(value, str | bytes) or not value:
        wrong[name] = "has to be a list of country codes"
        return
    for position, each in enumerate(value):
        _country(each, f"{name}[{position}]", wrong)


def _user_id(value: Any, name: str, wrong: Wrong) -> None:
    validation.check_text(value, name, wrong)
    if name not in wrong and (value != value.strip() or has_control_characters(value)):
        wrong[name] = "has spaces around it, or holds control characters"


def _birth_year(value: Any, name: str, wrong: Wrong) -> None:
    validation.check_number(value, name, wrong, is_whole=True)
    if name not in wrong and not 1000 <= value <= datetime.now(UTC).year:
        wrong[name] = "has to be a year of four digits that has begun"


def _aliases(value: Any, name: str, wrong: Wrong) -> None:
    if not isinstance(value, Sequence) or isinstance(value, str | bytes) or len(value) > constants.MOST_ALIASES:
        wrong[name] = f"has to be a list of at most {constants.MOST_ALIASES} names"
    elif not all(isinstance(each, str) and 0 < len(each) <= constants.LONGEST_ALIAS for each in value):
        wrong[name] = f"has to hold texts of at most {constants.LONGEST_ALIAS} characters"


def _params(value: Any, name: str, wrong: Wrong) -> None:
    if not isinstance(value, Mapping) or not all(isinstance(each, str) for pair in value.items() for each in pair):
        wrong[name] = "has to be an object of names and texts"


def _metadata(value: Any, name: str, wrong: Wrong) -> None:
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        wrong[name] = "has to be a list of names and values"
        return
    most = {"name": constants.LONGEST_METADATA_NAME, "value": constants.LONGEST_METADATA_VALUE}
    for position, entry in enumerate(value):
        texts = [entry.get(key) for key in most] if isinstance(entry, Mapping) and set(entry) == set(most) else [None]
        lengths = zip(texts, most.values(), strict=False)
        if not all(isinstance(text, str) and len(text) <= longest for text, longest in lengths):
            wrong[f"{name}[{position}]"] = "has to be {name, value}, texts of at most 100 and 1000 characters"


def _address(value: Any, name: str, wrong: Wrong) -> None:
    validation.check_text(value, name, wrong)
    if name not in wrong and len(value) > constants.LONGEST_ADDRESS:
        wrong[name] = f"has more than {constants.LONGEST_ADDRESS} characters"


#: Field -> its rule, for values that are given.
CHECKS: dict[str, Check] = {
    **dict.fromkeys(
        ("id_type", "id_number", "bank_code", "operator", "full_name", "utility_number", "utility_provider"),
        validation.check_text,
    ),
    **dict.fromkeys(
        ("allow_new_enroll", "use_enrolled_image", "strict_match", "search_existing_user"), validation.check_flag
    ),
    "country": _country,
    "countries": _countries,
    "user_id": _user_id,
    "sandbox_result": validation.check_number,
    "comparison_image_type": _one_of(constants.COMPARISON_IMAGE_TYPES),
    "utility_type": _one_of(constants.UTILITY_TYPES),
    "birth_year": _birth_year,
    "aliases": _aliases,
    "partner_params": _params,
    "metadata": _metadata,
    "address": _address,
}
