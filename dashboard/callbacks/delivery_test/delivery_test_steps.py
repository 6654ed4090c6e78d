"""Explains the result of a delivery test step by step, with advice for each failure. Pure."""

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
PUBLIC_AUTHORITY = "Use a certificate from a public authority, such as Let's Encrypt."
#: OpenSSL's numbers for what is wrong with a certificate.
CERTIFICATE_PROBLEMS = {
    10: ("has expired", "Renew it, and find out why it was not renewed automatically."),
    18: ("is self-signed", PUBLIC_AUTHORITY),
    19: ("comes from an authority that is not trusted", PUBLIC_AUTHORITY),
    20: (
        "cannot be traced to a trusted authority",
        "Make the proxy send the whole chain, and use a certificate from a public authority.",
    ),
    62: ("is for another name", "Use a certificate for this name, or correct DASHBOARD_PUBLIC_URL."),
    64: ("is for another address", "Use a name with a certificate in DASHBOARD_PUBLIC_URL."),
}
OTHER_PROGRAM = "Point DASHBOARD_PUBLIC_URL, or the proxy's rule for /hooks/, to this dashboard."


def explain_certificate(problem: int) -> tuple[str, str]:
    """What OpenSSL's error number says about a certificate, and what to do."""
    what, advice = CERTIFICATE_PROBLEMS.get(problem, ("is not accepted", PUBLIC_AUTHORITY))
    return f"The certificate {what}.", advice


@dataclass(frozen=True)
class DeliveryTestStep:
    passed: bool | None  # None: it works, but with a remark
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
        text = "It arrived and was stored, but the answer came too late."
        steps.append(
            DeliveryTestStep(
                False, text, "Find out why the answer is slow: Smile may count it as failed and send it again."
            )
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
            advice = "Add the name to your DNS, or correct DASHBOARD_PUBLIC_URL."
            return DeliveryTestStep(False, f"The name {host} cannot be resolved.", advice)
        text = f"No name server answered within {CONNECT_SECONDS:.0f} seconds."
        return DeliveryTestStep(False, text, "Check the DNS settings of this machine.")
    found = " and ".join(attempt.addresses)
    text = f"{host} is an address, so there is no name to look up." if host == found else f"{host} resolves to {found}."
    if not any(ip_address(address.partition("%")[0]).is_global for address in attempt.addresses):
        advice = "Only your own network can reach this address. Smile needs a public one, unless this is a trial."
        return DeliveryTestStep(None, text, advice)
    return DeliveryTestStep(True, text)


def _connection(attempt: Attempt) -> DeliveryTestStep:
    parts = urlsplit(attempt.url)
    port = parts.port or (443 if attempt.is_encrypted else 80)
    if attempt.failed_at != "connection":
        return DeliveryTestStep(True, f"{attempt.connected_to} accepts connections on port {port}.")
    if isinstance(attempt.error, ConnectionRefusedError):
        advice = "No program listens there: start the proxy or `dashboard web`, or correct DASHBOARD_PUBLIC_URL."
        return DeliveryTestStep(False, f"Port {port} refuses connections.", advice)
    if isinstance(attempt.error, TimeoutError):
        text = f"Port {port} did not answer within {CONNECT_SECONDS:.0f} seconds."
        return DeliveryTestStep(False, text, "Open the port in the firewall, also for senders outside your network.")
    text = f"Port {port} cannot be reached ({_kind(attempt)})."
    return DeliveryTestStep(False, text, "Check the network of this machine and the address that the name resolves to.")


def _encryption(attempt: Attempt) -> DeliveryTestStep:
    if not attempt.is_encrypted:
        advice = "This is fine for a trial on one machine. Callbacks contain personal data, so use TLS anywhere else."
        return DeliveryTestStep(None, "Not encrypted: the address begins with http.", advice)
    if attempt.failed_at == "encryption":
        if isinstance(attempt.error, ssl.SSLCertVerificationError):
            return DeliveryTestStep(False, *explain_certificate(attempt.error.verify_code))
        if isinstance(attempt.error, TimeoutError):
            text = f"The TLS handshake did not finish within {CONNECT_SECONDS:.0f} seconds."
        else:
            text = f"The server there does not speak TLS ({_kind(attempt)})."
        return DeliveryTestStep(False, text, "Correct the port in DASHBOARD_PUBLIC_URL, or set up TLS in the proxy.")
    certificate: Mapping[str, Any] = attempt.certificate or {}
    issuer = {name: value for pairs in certificate.get("issuer", ()) for name, value in pairs}
    ends_at = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)
    days = (ends_at - datetime.now(UTC)).days
    who = issuer.get("organizationName") or issuer.get("commonName") or "an unnamed authority"
    text = f"Encrypted ({attempt.tls_version}). The certificate was issued by {who} and expires in {_days(days)}."
    if days < RENEW_WITHIN_DAYS:
        return DeliveryTestStep(None, text, "Renew it now, and find out why it was not renewed automatically.")
    return DeliveryTestStep(True, text)


def _answer(attempt: Attempt) -> DeliveryTestStep:
    if attempt.answer is None:
        if isinstance(attempt.error, TimeoutError):
            text = f"No answer came within {READ_SECONDS:.0f} seconds."
            advice = "Check whether `dashboard web` is overloaded, or whether the proxy waits for another machine."
            return DeliveryTestStep(False, text, advice)
        text = f"The connection ended without an answer ({_kind(attempt)})."
        return DeliveryTestStep(False, text, "Check the proxy's log: the proxy may not reach `dashboard web`.")
    passed, meaning, advice = read_answer(attempt.answer)
    took = f"after {attempt.answer.seconds:.2f} seconds"
    return DeliveryTestStep(passed, f"HTTP {_status_in_words(attempt.answer.status)} {took}. {meaning}", advice)


def read_answer(answer: HopAnswer) -> tuple[bool, str, str]:
    """Whether it is the answer that Smile should get, what it means, and what to do."""
    own, status = _own_words(answer), answer.status
    program = "this dashboard, or another Partner Desk," if own is not None else _other_program(answer)
    if status == 200 and own == "":
        return True, "It was accepted.", ""
    if 300 <= status < 400:
        location = answer.headers.get("location", "nowhere").partition("?")[0][:200]
        return (
            False,
            f"It redirects to {location}.",
            "Callbacks do not follow redirects: set DASHBOARD_PUBLIC_URL to that address.",
        )
    if status == 401 and own:
        advice = "Another deployment answers here, or one with other keys: correct DASHBOARD_PUBLIC_URL."
        return False, f"The signature was refused by {program} with other keys.", advice
    if status == 403 and own:
        advice = (
            "If this is the address of this machine, the list of source networks works as intended; empty it to test "
            "further. If it is your proxy's, set DASHBOARD_TRUSTED_PROXIES to the number of proxies."
        )
        return False, own, advice
    if status == 413:
        advice = "Smile's callbacks are up to 1.5 MB: raise the proxy's limit to 2 MB (nginx: client_max_body_size)."
        return False, f"A body of 1.5 MB is too large for {program}.", advice
    if status == 503 and own:
        return False, own, "Check whether the database is running and has free space: it did not store the callback."
    if status >= 500:
        advice = "Check whether `dashboard web` is running, and whether the proxy passes requests to its port."
        return False, _sentence(f"{program} could not answer."), advice
    if own:
        return False, own, "Something on the way changes the request: check the proxy's settings."
    if status in (401, 403):
        advice = "Allow POST requests to /hooks/ through the proxy or firewall, without a password."
        return False, _sentence(f"{program} refused it."), advice
    did = {404: "does not know this address", 405: "does not accept callbacks here"}
    return False, _sentence(f"{program} {did.get(status, 'answered instead of this dashboard')}."), OTHER_PROGRAM


def _own_words(answer: HopAnswer) -> str | None:
    """The error of our own receiver; "" if it accepted the callback, None if another program answered."""
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
            advice = "Another deployment with the same key answers here: correct DASHBOARD_PUBLIC_URL."
            return DeliveryTestStep(False, "It was accepted, but it was not stored here.", advice)
        return DeliveryTestStep(False, "It was not stored here.", "Fix what failed above, then try again.")
    if receipt.verdict != Verdict.VALID:
        return DeliveryTestStep(
            False, f"It was stored as {receipt.verdict}. {receipt.reason}", _advice_for(receipt.verdict)
        )
    return DeliveryTestStep(True, "It was stored here as valid, and then removed.")


def _advice_for(verdict: Verdict) -> str:
    if verdict in (Verdict.STALE, Verdict.FUTURE):
        return "Synchronise the clocks of the machines that run this dashboard with NTP."
    return "Check the keys above: all processes must use the same database."


def _sender(receipt: ProbeReceipt, trusted_proxies: int) -> Iterator[DeliveryTestStep]:
    """Compares the proxies on the way with the setting. We send no X-Forwarded-For, so each proxy added one address."""
    forwarded = [part for part in receipt.headers.get("x-forwarded-for", "").split(",") if part.strip()]
    seen = f"It appeared to come from {receipt.source_address}"
    proxies = _proxies(len(forwarded))
    if len(forwarded) == trusted_proxies:
        way = f"through {proxies}, as configured" if forwarded else "with no proxy in between"
        yield DeliveryTestStep(True, f"{seen}, {way}.")
        return
    text = f"{seen}. It passed through {proxies}, but the setting says {_proxies(trusted_proxies)}."
    can_be_forged = len(forwarded) < trusted_proxies
    danger = "A sender can forge its address." if can_be_forged else "Every sender appears to be the proxy."
    setting = f"set DASHBOARD_TRUSTED_PROXIES to {len(forwarded)} and restart"
    advice = f"{danger} If Smile's callbacks come the same way, {setting}."
    yield DeliveryTestStep(False, text, advice)


def _clock(answer: HopAnswer) -> Iterator[DeliveryTestStep]:
    try:
        theirs = parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return
    if theirs.tzinfo is None:
        theirs = theirs.replace(tzinfo=UTC)
    difference = theirs - answer.arrived_at
    if abs(difference) < timedelta(seconds=2):  # The header contains whole seconds.
        yield DeliveryTestStep(True, "The clocks at both ends agree.")
        return
    direction = "ahead" if difference > timedelta(0) else "behind"
    text = f"The clock at the other end is {duration_in_words(abs(difference))} {direction}."
    if abs(difference) < CLOCK_WARNS_AT:
        yield DeliveryTestStep(True, text)
    else:
        tolerance = duration_in_words(TOLERANCE)
        advice = (
            f"Synchronise the clocks with NTP: beyond {tolerance}, callbacks count as stale or as signed in the future."
        )
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
