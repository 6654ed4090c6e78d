"""Health checks of the network: addresses, encryption, clock and proxies."""

from urllib.parse import urlsplit

from dashboard.callbacks.delivery_test.delivery_test_steps import explain_certificate
from dashboard.callbacks.queries import find_last_callback
from dashboard.health_checks import CheckContext, Finding, bad, ok, unknown, unset, warn
from dashboard.jobs.smile_api.smile_clock import clock_in_words, is_off
from dashboard.smile.public_addresses import is_loopback

CLOCK_WARNS_AT_SECONDS = 60
MODERN_TLS = (
    "Let the proxy accept only TLS 1.2 and 1.3, with suites that begin with ECDHE "
    "(nginx: ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20)."
)


def public_address(context: CheckContext) -> Finding:
    settings = context.settings
    if is_loopback(settings.public_url):
        if settings.is_demo:
            return ok("The demo is for this machine alone.")
        advice = "Set DASHBOARD_PUBLIC_URL to the address at which Smile and your customers reach this dashboard."
        return bad("DASHBOARD_PUBLIC_URL is a local address, which nobody else can reach.", advice)
    if not settings.is_https:
        advice = "Put a proxy with TLS in front and let DASHBOARD_PUBLIC_URL begin with https://."
        return bad("Faces and identity numbers travel without encryption: the public address begins with http.", advice)
    return ok(f"Reached at {settings.public_url}.")


def encryption(context: CheckContext) -> Finding:
    settings, seen = context.settings, context.encryption
    if not settings.is_https:
        return unset("The public address has no encryption to check.")
    if seen is None:
        return unknown("`dashboard doctor` checks it over the network; this page does not.")
    if not seen.is_reached:
        return unknown("The public address could not be reached from here, so it was not checked.")
    if seen.certificate_problem is not None:
        return bad(*explain_certificate(seen.certificate_problem))
    if not seen.version:
        return bad("The server there does not speak TLS as browsers do.", MODERN_TLS)
    if seen.takes_old_versions:
        return bad("TLS 1.0 or 1.1 is accepted, which is broken.", MODERN_TLS)
    if seen.takes_weak_suites:
        return warn("Some accepted cipher suites protect nothing once the certificate's key is stolen.", MODERN_TLS)
    return ok(f"{seen.version}, with a certificate that browsers trust, and nothing outdated.")


def smile_address(context: CheckContext) -> Finding:
    server = context.settings.smile_server
    if server.startswith("http://") and not is_loopback(server):
        advice = "Let DASHBOARD_SMILE_SERVER begin with https://."
        return bad("What is sent to Smile travels without encryption.", advice)
    where = {"0": "Smile's sandbox", "1": "Smile's production"}.get(server, urlsplit(server).hostname or "a server")
    return ok(f"Requests go to {where}.")


def clock(context: CheckContext) -> Finding:
    offset = context.smile.clock_offset_seconds if context.smile else None
    if offset is None:
        return unknown("This clock has not been compared with Smile's yet.")
    advice = (
        "Set this machine's clock with NTP: beyond 5 minutes Smile refuses our signatures, and every callback counts "
        "as stale or from the future. Waiting work then continues by itself."
    )
    sentence = clock_in_words(offset)
    sentence = f"{sentence[0].upper()}{sentence[1:]}."
    if is_off(offset):
        return bad(sentence, advice)
    if abs(offset) >= CLOCK_WARNS_AT_SECONDS:
        return warn(sentence, advice)
    return ok("This clock agrees with Smile's.")


def proxies(context: CheckContext) -> Finding:
    """Compares the setting with this request, or with the last callback.

    Each proxy adds an address to X-Forwarded-For.
    """
    trusted, seen, by_what = context.settings.trusted_proxies, context.proxies_seen, "this request"
    if seen is None:
        last = find_last_callback(context.session, context.settings.environment)
        if last is None:
            return unknown("The number of proxies in front is known once a callback has arrived.")
        seen, by_what = count_proxies(last.headers.get("x-forwarded-for", "")), "the last callback"
    says = f"DASHBOARD_TRUSTED_PROXIES is {trusted}"
    if seen < trusted:
        advice = f"Set it to {seen}, or let the proxy set X-Forwarded-For: until then a sender can fake its address."
        return bad(f"{says}, and {by_what} passed {seen}.", advice)
    if seen > trusted:
        advice = f"If the proxies are yours, set it to {seen}: until then every sender looks like the proxy."
        return warn(f"{says}, and {by_what} passed {seen}.", advice)
    return ok(f"{says}, and that is how many {by_what} passed.")


def count_proxies(forwarded_for: str) -> int:
    return len([part for part in forwarded_for.split(",") if part.strip()])
