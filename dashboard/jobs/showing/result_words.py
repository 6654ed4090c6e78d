"""The meaning of result codes in words. Where a code has several causes, Smile's text decides and is quoted."""

from dashboard.jobs.following.outcome import UnknownCause, outcome_of
from dashboard.jobs.showing.v3_words import reason_sentence, reason_step
from dashboard.smile.constants import result_codes
from dashboard.smile.results import code_of

#: Result codes that say more than their outcome does.
BY_CODE = {
    "0903": "The images could not be read.",
    "0907": "Smile suspects a photo of a photo rather than a live person.",
    "0812": "The document failed the check of its security features.",
    "0816": "Smile does not support this document.",
    "1013": "The authority has nobody on record under this number.",
    "1015": "The authority's database does not answer at the moment.",
    "1016": "This product is not activated for your account.",
    "1021": "Some of the customer's details match the authority's records.",
    "1022": "The customer's details do not match the authority's records.",
    "1023": "The authority has nobody on record under this number.",
}
NEXT_BY_CODE = {
    "1014": "Read what Smile wrote, fix the cause, then create a new job.",
    "1015": "Run it again later; each run is charged.",
    "1016": "Ask Smile to activate the product, then create a new job.",
}
#: Codes with several causes: part of Smile's text, its meaning, and what to do. The first that fits is used.
BY_TEXT = {
    "0001": (
        ("authority image", "The authority has no photo to compare the face with.", "Try another ID type."),
        (
            "id card image",
            "The image of the document cannot be used.",
            "Take a sharper photo, then create a new job.",
        ),
        ("selfie image", "The selfie cannot be used.", "Take a better selfie, then create a new job."),
    ),
    "1014": (
        ("test data", "The sandbox accepts only Smile's test numbers.", "Use a test number, or run it in production."),
        ("sandbox", "The sandbox accepts only Smile's test numbers.", "Use a test number, or run it in production."),
        ("id type", "Smile does not look up this ID type for your account.", "Choose another ID type, or ask Smile."),
        (
            "format",
            "The number does not have the format that the authority uses.",
            "Check the number with the customer, then create a new job.",
        ),
    ),
    "2413": (
        ("business type", "Smile does not support this business type.", "Choose another type, then create a new job."),
        ("parameter", "Something that Smile needs was not sent.", "Complete the details, then create a new job."),
    ),
}
#: The meaning of such a code where none of its texts fits.
OF_SEVERAL_CAUSES = {
    "0001": "Smile could not use the data or the images.",
    "1014": "Smile could not look up the number as it was given.",
    "2413": "Smile could not accept the request as it was sent.",
}
UNKNOWN = {
    UnknownCause.NO_CODE: "Smile answered without a result code.",
    UnknownCause.UNDOCUMENTED: "Smile answered with a code that is not documented ({code}).",
    UnknownCause.NOT_AN_OUTCOME: "Smile answered with code {code}, which is documented, but not as an outcome.",
    UnknownCause.ID_STEP: "Smile answered for the ID step alone (code {code}), not whether the face matches.",
    UnknownCause.SELF_CONTRADICTION: (
        "Smile's answer contradicts itself: its code {code} means {outcome}, but its job_success says the opposite."
    ),
}


def meaning_of(code: str | None, text: str | None) -> str:
    """The sentence for a code that says more than its outcome; empty for all others."""
    code = code_of(code) or ""
    if meaning := reason_sentence(code):
        return meaning
    found = _fitting(code, text)
    sentence = found[0] if found else OF_SEVERAL_CAUSES.get(code) or BY_CODE.get(code, "")
    if not sentence or not text or (code in BY_CODE and _is_documented(code, text)):
        return sentence
    return f"{sentence} {quote_smile(text)}"


def next_for(code: str | None, text: str | None) -> str:
    """What to do about such a code; empty where its outcome decides that."""
    code = code_of(code) or ""
    found = _fitting(code, text)
    return found[1] if found else NEXT_BY_CODE.get(code, "") or reason_step(code)


def unknown_sentence(cause: UnknownCause, code: str | None, text: str | None) -> str:
    sentence = UNKNOWN[cause].format(code=code, outcome=outcome_of(code))
    return f"{sentence} {quote_smile(text)}" if text else sentence


def quote_smile(text: str) -> str:
    return f"Smile wrote: \u201c{text.strip()}\u201d"


def _fitting(code: str, text: str | None) -> tuple[str, str] | None:
    said = (text or "").casefold()
    return next((words for part, *words in BY_TEXT.get(code, ()) if part in said), None)  # type: ignore[return-value]


def _is_documented(code: str, text: str) -> bool:
    return text.casefold() in {row.text.casefold() for row in result_codes() if row.code == code}
