"""Health checks of Smile's two APIs: which one each product uses, and whether v3 could be used."""

from dashboard.health.keys import when_asked
from dashboard.health_checks import CheckContext, Finding, bad, ok, unknown, unset, warn
from dashboard.jobs.following.smile_answers import V3Answer
from dashboard.jobs.products import FACTS
from dashboard.jobs.smile_api.api_choice import chosen_apis, policy_address
from dashboard.smile.constants import SmileApi
from dashboard.smile.public_addresses import is_loopback

CHOOSE_V1 = "or choose v1 under Which API"


def v3_answers(context: CheckContext) -> Finding:
    """Whether v3 makes a token and answers its lists. Neither costs anything."""
    answer = context.smile
    if answer is None or answer.v3 == V3Answer.NOT_ASKED:
        return unknown(
            "Smile's v3 API has not been asked yet. The worker asks once an hour, `dashboard doctor` at once."
        )
    when, is_used = when_asked(answer, context.now), bool(_on_v3(context))
    if answer.v3 == V3Answer.REFUSED:
        sentence = f"Smile's v3 API refused to make a token {when}."
        if not is_used:
            return unset(sentence, "Ask Smile to activate v3 for your account before you choose it.")
        return bad(sentence, f"Ask Smile whether v3 is active for your account, {CHOOSE_V1}.")
    if answer.v3 == V3Answer.SILENT:
        sentence = f"Smile's v3 API did not answer {when}."
        return bad(sentence, f"Wait for Smile, {CHOOSE_V1}. Jobs wait meanwhile.") if is_used else unknown(sentence)
    if answer.v3 == V3Answer.WITHOUT_LISTS:
        sentence = f"Smile's v3 API made a token {when}, but its list of ID types did not answer."
        return warn(sentence, "Look at Smile's status page if it stays so.") if is_used else unknown(sentence)
    return ok(f"Smile's v3 API made a token and listed its ID types {when}.")


def which_api(context: CheckContext) -> Finding:
    """Which products use v3, and whether it has what it needs: the policy's address, and TLS both ways."""
    names = _on_v3(context)
    if not names:
        return ok("Every product uses Smile's v1 API.")
    settings, sentence = context.settings, f"These use Smile's v3 API, all others v1: {', '.join(names)}."
    if not policy_address(context.session, settings):
        advice = (
            "Enter the https address of your privacy policy under Which API. Until then no job of these can be made."
        )
        return bad(f"{sentence} It needs the address of your privacy policy, and none is stored.", advice)
    server = settings.smile_server
    if server.startswith("http://") and not is_loopback(server):
        return bad(f"{sentence} It is only reached by https.", "Let DASHBOARD_SMILE_SERVER begin with https://.")
    if not settings.is_https and not (is_loopback(settings.public_url) and is_loopback(server)):
        advice = "Put a proxy with TLS in front and let DASHBOARD_PUBLIC_URL begin with https://."
        return bad(f"{sentence} It sends callbacks only to https addresses.", advice)
    return ok(sentence)


def _on_v3(context: CheckContext) -> list[str]:
    apis = chosen_apis(context.session, context.settings)
    return [facts.name for product, facts in FACTS.items() if apis[product] == SmileApi.V3]
