"""What goes wrong in v3 by choice: refusals of the account, and the ID authority behind answers at once."""

from dataclasses import dataclass

from dashboard.sandbox.refusals import WRONG_TYPE, Refused

#: Name -> HTTP status and text.
REFUSALS = {
    "wallet": (402, "Insufficient wallet balance."),
    "product": (403, "Product not enabled for this partner."),
    "id_type": (403, "ID type not enabled for this partner."),
    "production": (403, "Production access is not enabled."),
    "sdk_version": (403, "SDK version not allowed."),
    "ip": (403, "You are not authorized to do that."),
    "ip_address": (403, "IP address not allowed."),
    "callback_url": (403, "Callback url not allowed."),
    "rate_limit": (429, "Rate limit exceeded. Please try again later."),
    "number_blocked": (
        429,
        "This ID number has been blocked due to multiple submissions. Please use the designated endpoint to reactivate"
        " it.",
    ),
    "error": (500, "An unexpected error occurred. Please try again or contact support."),
    "system_error": (500, "System Error"),
}
#: What answers at once say instead, for the refusals that have another text there.
AT_ONCE = {
    "wallet": "You are out of credits. Add funds to your wallet to run more verifications.",
    "product": "This feature requires you to activate ID Validation for your Smile ID account.",
    "production": "Production is not enabled for this account. Please complete your KYC with Smile Identity.",
}
#: How an ID authority answers.
AUTHORITIES = ("up", "silent", "down", "error")


@dataclass(frozen=True)
class V3Switch:
    """What goes wrong from now on. refusal: a key of REFUSALS, or "". authority: one of AUTHORITIES."""

    refusal: str = ""
    authority: str = "up"


def read_v3_switch(refusal: object, authority: object) -> V3Switch:
    """The switch that a request describes. Raises Refused (2204) for an unknown name."""
    if refusal not in (None, "", *REFUSALS):
        raise Refused(WRONG_TYPE, f"refusal must be one of {', '.join(REFUSALS)}")
    if authority not in (None, "", *AUTHORITIES):
        raise Refused(WRONG_TYPE, f"authority must be one of {', '.join(AUTHORITIES)}")
    return V3Switch(str(refusal or ""), str(authority or "up"))
