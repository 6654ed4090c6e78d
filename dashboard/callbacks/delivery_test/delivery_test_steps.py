"""What an attempt to reach ourselves proved, step by step and in words, and for each failure what to do. Pure."""

import json
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from html import unescape
from http import HTTPStatus
from ipaddress import ip_address
from socket import gaierror
from typing import Any
from urllib.parse import urlsplit

from dashboard.callbacks.delivery_test.delivery import CONNECT_SECONDS, READ_SECONDS, Attempt, HopAnswer
from dashboard.callbacks.delivery_test.test_callback import ProbeReceipt
from dashboard.callbacks.models import Verdict
from dashboard.callbacks.receiving.verdicts import TOLERANCE
from dashboard.web.pages.filters import duration_in_words

RENEW_WITHIN_DAYS = 14
CLOCK_WARNS_AT = timedelta(minutes=1)
TITLE = re.compile(r"<title[^>]*>([^<]{1,200})", re.IGNORECASE)
PUBLIC_AUTHORITY = "Use one of a public authority, such as Let's Encrypt."
#: OpenSSL's numbers for what is wrong with a certificate.
CERTIFICATE_PROBLEMS = {
    10: ("has expired", "Renew it, and find out why it was not renewed by itself."),
    18: ("was signed by nobody but itself", PUBLIC_AUTHORITY),
    19: ("comes from an authority that nobody trusts", PUBLIC_AUTHORITY),
    20: (
        "cannot be traced to an authority that is trusted",
        "Let the proxy send the whole chain, and use a certificate of a public authority.",
    ),
    62: ("is for another name", "Use a certificate for this name, or correct DASHBOARD_PUBLIC_URL."),
    64: ("is for another address", "Use a name with a certificate in DASHBOARD_PUBLIC_URL."),
}
OTHER_PROGRAM = "Let DASHBOARD_PUBLIC_URL, or the proxy's rule for /hooks/, lead to this dashboard."


def explain_certificate(problem: int) -> tuple[str, str]:
    """What is wrong with a certificate by OpenSSL's number, and what to do."""
    what, advice = CERTIFICATE_PROBLEMS.get(problem, ("is not accepted", PUBLIC_AUTHORITY))
    return f"The certificate {what}.", advice


@dataclass(frozen=True)
class DeliveryTestStep:
    passed: bool | None  # None: it works, and something about it is worth knowing
    text: str
    advice: str = ""


def explain(attempt: Attempt, receipt: ProbeReceipt | None, trusted_proxies: int) -> list[DeliveryTestStep]:
    steps = list(_hops(attempt))
    if attempt.answer:
        steps.append(_stored(attempt.answer, receipt))
        if receipt:
            steps += _sender(receipt, trusted_proxies)
        steps += _clock(attempt.answer)
    elif receipt:
        text = "It arrived and was stored all the same, but the answer came too late."
        steps.append(
            DeliveryTestStep(False, text, "See why the answer is slow: Smile may take it for a failure and send again.")
        )
    return steps


def _hops(attempt: Attempt) -> Iterator[DeliveryTestStep]:
    stages = {"name": _name, "connection": _connection, "encryption": _encryption, "answer": _answer}
    for stage, explain_stage in stages.items():
        yield explain_stage(attempt)
        if attempt.failed_at == stage:
            return


def _name(attempt: Attempt) -> DeliveryTestStep:
    host = urlsplit(attempt.url).hostname or ""
    if attempt.failed_at == "name":
        if isinstance(attempt.error, gaierror):
            advice = "Enter the name in your DNS, or correct DASHBOARD_PUBLIC_URL."
            return DeliveryTestStep(False, f"The name {host} is not known.", advice)
        text = f"No name server answered within {CONNECT_SECONDS:.0f} seconds."
        return DeliveryTestStep(False, text, "Check the DNS settings of this machine.")
    found = " and ".join(attempt.addresses)
    text = f"{host} is an address, so there is no name to look up." if host == found else f"{host} resolves to {found}."
    if not any(ip_address(address.partition("%")[0]).is_global for address in attempt.addresses):
        advice = "Only your own network reaches such an address. Smile needs a public one, unless this is a trial."
        return DeliveryTestStep(None, text, advice)
    return DeliveryTestStep(True, text)


def _connection(attempt: Attempt) -> DeliveryTestStep:
    parts = urlsplit(attempt.url)
    port = parts.port or (443 if attempt.is_encrypted else 80)
    if attempt.failed_at != "connection":
        return DeliveryTestStep(True, f"Something listens at {attempt.connected_to}, port {port}.")
    if isinstance(attempt.error, ConnectionRefusedError):
        advice = "Nothing listens there: start the proxy or `dashboard web`, or correct DASHBOARD_PUBLIC_URL."
        return DeliveryTestStep(False, f"Port {port} refuses connections.", advice)
    if isinstance(attempt.error, TimeoutError):
        text = f"Port {port} did not answer within {CONNECT_SECONDS:.0f} seconds."
        return DeliveryTestStep(False, text, "Open the port in the firewall, for senders from outside too.")
    text = f"There is no way to port {port} ({_kind(attempt)})."
    return DeliveryTestStep(False, text, "Check the network of this machine and the address that the name resolves to.")


def _encryption(attempt: Attempt) -> DeliveryTestStep:
    if not attempt.is_encrypted:
        advice = "Fine for a trial on one machine. Callbacks hold personal data: elsewhere put TLS in front."
        return DeliveryTestStep(None, "Not encrypted: the address begins with http.", advice)
    if attempt.failed_at == "encryption":
        if isinstance(attempt.error, ssl.SSLCertVerificationError):
            return DeliveryTestStep(False, *explain_certificate(attempt.error.verify_code))
        if isinstance(attempt.error, TimeoutError):
            text = f"No encryption was agreed on within {CONNECT_SECONDS:.0f} seconds."
        else:
            text = f"What listens there does not speak TLS ({_kind(attempt)})."
        return DeliveryTestStep(False, text, "Correct the port in DASHBOARD_PUBLIC_URL, or set up TLS in the proxy.")
    certificate: Mapping[str, Any] = attempt.certificate or {}
    issuer = {name: value for pairs in certificate.get("issuer", ()) for name, value in pairs}
    ends_at = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)
    days = (ends_at - datetime.now(UTC)).days
    who = issuer.get("organizationName") or issuer.get("commonName") or "an authority without a name"
    text = f"Encrypted ({attempt.tls_version}). The certificate was issued by {who} and ends in {_days(days)}."
    if days < RENEW_WITHIN_DAYS:
        return DeliveryTestStep(None, text, "Renew it now, and find out why it was not renewed by itself.")
    return DeliveryTestStep(True, text)


def _answer(attempt: Attempt) -> DeliveryTestStep:
    if attempt.answer is None:
        if isinstance(attempt.error, TimeoutError):
            text = f"No answer came within {READ_SECONDS:.0f} seconds."
            advice = "See whether `dashboard web` is overloaded, or whether the proxy waits for another machine."
            return DeliveryTestStep(False, text, advice)
        text = f"The connection ended without an answer ({_kind(attempt)})."
        return DeliveryTestStep(False, text, "See what the proxy's log says: it may not reach `dashboard web`.")
    passed, said, advice = read_answer(attempt.answer)
    took = f"after {attempt.answer.seconds:.2f} seconds"
    return DeliveryTestStep(passed, f"HTTP {_status_in_words(attempt.answer.status)} {took}. {said}", advice)


def read_answer(answer: HopAnswer) -> tuple[bool, str, str]:
    """Whether it is the answer that Smile should get, what it says, and what to do."""
    own, status = _own_words(answer), answer.status
    by_whom = "this dashboard, or one like it," if own is not None else _other_program(answer)
    if status == 200 and own == "":
        return True, "It was taken.", ""
    if 300 <= status < 400:
        location = answer.headers.get("location", "nowhere").partition("?")[0][:200]
        return (
            False,
            f"It leads on to {location}.",
            "A callback does not follow: let DASHBOARD_PUBLIC_URL be where it leads.",
        )
    if status == 401 and own:
        advice = "Another deployment answers at this address, or its keys differ: correct DASHBOARD_PUBLIC_URL."
        return False, f"The signature was refused by {by_whom} with other keys.", advice
    if status == 403 and own:
        advice = (
            "If that is this machine, the list of source networks does its work, and only switched off can more be "
            "tried. If it is your proxy, set DASHBOARD_TRUSTED_PROXIES to the number of proxies."
        )
        return False, own, advice
    if status == 413:
        advice = "Smile's callbacks have up to 1.5 MB: raise the proxy's limit to 2 MB (nginx: client_max_body_size)."
        return False, f"A body of 1.5 MB is too large for {by_whom}.", advice
    if status == 503 and own:
        return False, own, "See whether the database runs and has room: it did not store the callback."
    if status >= 500:
        advice = "See whether `dashboard web` runs, and whether the proxy passes requests to its port."
        return False, _sentence(f"{by_whom} could not answer."), advice
    if own:
        return False, own, "Something on the way changes what is sent: look at the proxy's settings."
    if status in (401, 403):
        advice = "Let the proxy or firewall in front pass POST requests to /hooks/, without a password."
        return False, _sentence(f"{by_whom} refused it."), advice
    did = {404: "does not know this address", 405: "takes no callbacks here"}
    return False, _sentence(f"{by_whom} {did.get(status, 'answered instead of this dashboard')}."), OTHER_PROGRAM


def _own_words(answer: HopAnswer) -> str | None:
    """The error that our own door tells, "" where it is content; None where somebody else answered."""
    try:
        said = json.loads(answer.body)
    except ValueError:
        return None
    if not isinstance(said, dict):
        return None
    return "" if said.get("received") is True else str(said["error"])[:300] if "error" in said else None


def _other_program(answer: HopAnswer) -> str:
    text = answer.body.decode("utf-8", "replace")
    title = TITLE.search(text)
    if title:
        return f'a page titled "{" ".join(unescape(title[1]).split())[:80]}"'
    server = answer.headers.get("server", "")[:40]
    return f"another program ({server})" if server else "another program"


def _stored(answer: HopAnswer, receipt: ProbeReceipt | None) -> DeliveryTestStep:
    if receipt is None:
        if answer.status == 200 and _own_words(answer) == "":
            advice = "Another deployment with the same key answers at this address: correct DASHBOARD_PUBLIC_URL."
            return DeliveryTestStep(False, "It was taken, but it was not stored here.", advice)
        return DeliveryTestStep(False, "It was not stored here.", "Mend what failed above, then try again.")
    if receipt.verdict != Verdict.VALID:
        return DeliveryTestStep(
            False, f"It was stored as {receipt.verdict}. {receipt.reason}", _advice_for(receipt.verdict)
        )
    return DeliveryTestStep(True, "It was stored here as valid, and taken away again.")


def _advice_for(verdict: Verdict) -> str:
    if verdict in (Verdict.STALE, Verdict.FUTURE):
        return "Set the clocks of the machines that run this dashboard by NTP."
    return "Look at the keys above: all processes must use the same database."


def _sender(receipt: ProbeReceipt, trusted_proxies: int) -> Iterator[DeliveryTestStep]:
    """This machine sends no X-Forwarded-For, so each address in it was added by a proxy on the way."""
    forwarded = [part for part in receipt.headers.get("x-forwarded-for", "").split(",") if part.strip()]
    seen = f"It seemed to come from {receipt.source_address}"
    passed = _proxies(len(forwarded))
    if len(forwarded) == trusted_proxies:
        way = f"through {passed}, as the setting says" if forwarded else "with no proxy between"
        yield DeliveryTestStep(True, f"{seen}, {way}.")
        return
    text = f"{seen}. It passed {passed}, and the setting says {_proxies(trusted_proxies)}."
    believed = len(forwarded) < trusted_proxies
    danger = "A sender can make up its address." if believed else "Every sender looks like the proxy."
    advice = (
        f"{danger} If Smile's come the same way, set DASHBOARD_TRUSTED_PROXIES to {len(forwarded)} and start again."
    )
    yield DeliveryTestStep(False, text, advice)


def _clock(answer: HopAnswer) -> Iterator[DeliveryTestStep]:
    try:
        theirs = parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return
    if theirs.tzinfo is None:
        theirs = theirs.replace(tzinfo=UTC)
    difference = theirs - answer.arrived_at
    if abs(difference) < timedelta(seconds=2):  # the header has whole seconds
        yield DeliveryTestStep(True, "The clocks at both ends agree.")
        return
    direction = "ahead" if difference > timedelta(0) else "behind"
    text = f"The clock at the other end is {duration_in_words(abs(difference))} {direction}."
    if abs(difference) < CLOCK_WARNS_AT:
        yield DeliveryTestStep(True, text)
    else:
        tolerance = duration_in_words(TOLERANCE)
        advice = f"Set the clocks by NTP: beyond {tolerance} callbacks count as stale or as from the future."
        yield DeliveryTestStep(False, text, advice)


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _proxies(count: int) -> str:
    return {0: "no proxy", 1: "one proxy"}.get(count, f"{count} proxies")


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"


def _kind(attempt: Attempt) -> str:
    error = attempt.error
    reason = getattr(error, "reason", None) if isinstance(error, ssl.SSLError) else getattr(error, "strerror", None)
    return str(reason or type(error).__name__)


def _status_in_words(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
