"""The results of jobs, from the table product x `sandbox_result` and the last digit of a test number."""

import csv
import re
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

from dashboard.sandbox.fields import Json
from dashboard.sandbox.refusals import published_text
from dashboard.smile.constants import UPLOAD_JOB_TYPES, IdType, JobType, id_types

#: Values of `sandbox_result`; "2" is provisional.
APPROVED, REJECTED = "0", "1"

#: Without 5, which two products share.
PRODUCT_OF_JOB_TYPE = {
    int(kind): kind.name.lower() for kind in JobType if kind in UPLOAD_JOB_TYPES | {JobType.BUSINESS_VERIFICATION}
}
#: The products of the ID type table that stand for a product of a job.
_LISTED_AS = {
    "biometric_kyc": {"biometric_kyc", "ekyc_smartselfie"},
    "enhanced_document_verification": {"enhanced_document_verification", "doc_verification"},
}


@dataclass(frozen=True)
class ProgressStep:
    """One result of a job: a row of data/outcomes.csv.

    outcome: "step" (in the history only), "approved", "rejected", "provisional" or "error".
    after_review: it follows the human review. only_with_number: it needs an ID number.
    actions: Smile's Actions, by name.
    """

    product: str
    sandbox_result: str
    step: int
    after_review: bool
    only_with_number: bool
    result_type: str
    code: str
    text: str
    outcome: str
    final: bool
    confidence: str
    actions: dict[str, str]


@dataclass(frozen=True)
class NumberOutcome:
    """The outcome that the last digit of a test number selects.

    selects: the `sandbox_result` whose rows follow, or "" for a failed lookup. action: the value of its Action.

    https://docs.usesmileid.com/general/supported-id-types/test-data
    """

    digit: str
    meaning: str
    code: str
    selects: str = ""
    action: str = ""


#: https://docs.usesmileid.com/general/supported-id-types/test-data
NUMBER_OUTCOMES = (
    NumberOutcome("0", "success with data", "1012", APPROVED),
    NumberOutcome("1", "no record found", "1013", action="Not Verified"),
    NumberOutcome("2", "invalid number format", "1014", action="Not Done"),
    NumberOutcome("3", "authority down", "1015", action="Issuer Unavailable"),
    NumberOutcome("4", "success with custom data", "1012", APPROVED),
)
NOT_ACTIVATED = NumberOutcome("", "ID type not available for the product", "1016", action="Not Done")


def steps_for(product: str, params: Json, id_info: Json, other_numbers_act_like: str) -> list[ProgressStep]:
    """The results that a job will have, in order.

    A number that breaks its pattern gives 1014. Otherwise `sandbox_result` decides, and without it the last digit of
    the number. other_numbers_act_like: the digit for numbers that are no test numbers.

    https://docs.usesmileid.com/general/supported-id-types/test-data
    """
    number = str(id_info.get("id_number") or "")
    wished = params.get("sandbox_result")
    if number:
        outcome = _number_outcome(product, number, id_info, other_numbers_act_like)
        refused_outright = outcome is NOT_ACTIVATED or (outcome.digit == "2" and not is_well_formed(id_info))
        if not outcome.selects and (wished is None or refused_outright):
            return [_failed_lookup(product, outcome)]
    steps = [row for row in table() if row.product == product and row.sandbox_result == (wished or APPROVED)]
    if number or product != "biometric_kyc":
        return [row for row in steps if number or not row.only_with_number]
    return [_compared_with_card(row) for row in steps if not row.only_with_number]


def find_id_type(country: str, id_type: str) -> IdType | None:
    """The ID type of a country, or None."""
    return next((row for row in id_types() if (row.country, row.id_type) == (country, id_type)), None)


def is_offered(row: IdType, product: str) -> bool:
    """Whether the ID type serves the product. Types with no published products serve every lookup."""
    return not row.products or bool(_LISTED_AS.get(product, {product}) & set(row.products))


def is_well_formed(id_info: Json) -> bool:
    """Whether the ID number fits the pattern of its ID type, if there is one."""
    row = find_id_type(str(id_info.get("country")), str(id_info.get("id_type")))
    if row is None or not row.number_regex:
        return True
    return re.fullmatch(row.number_regex, str(id_info.get("id_number"))) is not None


def wants_custom_data(id_info: Json) -> bool:
    """Whether the number is a test number that ends in 4, which returns the data of partner_params.

    https://docs.usesmileid.com/general/supported-id-types/test-data
    """
    return _test_digit(str(id_info.get("id_number") or "")) == "4"


@cache
def table() -> tuple[ProgressStep, ...]:
    """The rows of data/outcomes.csv."""
    text = (resources.files("dashboard.sandbox") / "data" / "outcomes.csv").read_text(encoding="utf-8")
    return tuple(_step(row) for row in csv.DictReader(text.splitlines()))


def _step(row: dict[str, str]) -> ProgressStep:
    return ProgressStep(
        product=row["product"],
        sandbox_result=row["sandbox_result"],
        step=int(row["step"]),
        after_review=row["when"] == "review",
        only_with_number=row["only_with_number"] == "yes",
        result_type=row["result_type"],
        code=row["code"],
        text=row["text"],
        outcome=row["outcome"],
        final=row["final"] == "true",
        confidence=row["confidence"],
        actions=dict(action.split("=", 1) for action in row["actions"].split(";")),
    )


def _number_outcome(product: str, number: str, id_info: Json, other_digit: str) -> NumberOutcome:
    row = find_id_type(str(id_info.get("country")), str(id_info.get("id_type")))
    if row is not None and not is_offered(row, product):
        return NOT_ACTIVATED
    by_digit = {outcome.digit: outcome for outcome in NUMBER_OUTCOMES}
    if not is_well_formed(id_info):
        return by_digit["2"]
    return by_digit[_test_digit(number) or other_digit]


def _test_digit(number: str) -> str:
    # Test numbers have the real format, letters and dashes too, with zeros before the last digit.
    digits = re.sub(r"\D", "", number)
    if not digits or digits[:-1].strip("0") or digits[-1] not in "01234":
        return ""
    return digits[-1]


def _failed_lookup(product: str, outcome: NumberOutcome) -> ProgressStep:
    business = product == "business_verification"
    verify, give_back = (
        ("Verify_Business", "Return_Business_Info") if business else ("Verify_ID_Number", "Return_Personal_Info")
    )
    return ProgressStep(
        product=product,
        sandbox_result="",
        step=1,
        after_review=False,
        only_with_number=True,
        result_type="Business Verification" if business else "ID Verification",
        code=outcome.code,
        text=published_text(outcome.code),
        outcome="rejected" if outcome.code == "1013" else "error",
        final=True,
        confidence="",
        actions={verify: outcome.action, give_back: "Not Returned"},
    )


def _compared_with_card(row: ProgressStep) -> ProgressStep:
    # Without a number no authority is queried: the selfie is compared with the card that was sent.
    actions = {
        name.replace("ID_Authority", "ID_Card"): value
        for name, value in row.actions.items()
        if name not in ("Verify_ID_Number", "Return_Personal_Info")
    }
    return replace(row, actions=actions)
