"""The content of the customer's first page: who asks, why, what is needed, how long it takes, how much data it uses.

Customers see it, and staff see the same page as a preview.
"""

from dataclasses import dataclass

from dashboard.jobs.products import DOCUMENT, FACE, FACTS, NUMBER, Effort
from dashboard.jobs.smile_api.catalogue import id_type_words
from dashboard.links.languages import Sentence, Texts, own_words
from dashboard.links.models import IdTypeChoice, Link
from dashboard.stored_settings import Branding


@dataclass(frozen=True)
class FirstPage:
    title: Sentence
    purpose: Sentence
    needs: list[Sentence]
    effort: Sentence
    consent: Sentence
    works_until: Sentence
    choices: list[str]


def first_page(link: Link, branding: Branding, texts: Texts) -> FirstPage:
    company = branding.company_name
    effort = _effort(link)
    return FirstPage(
        title=texts("ask_title", company=company),
        purpose=own_words(branding.purposes.get(texts.language, "")) or texts("ask_purpose", company=company),
        needs=_needs(link, effort, texts),
        effort=Sentence(f"{texts(f'minutes_{effort.minutes}')} · {texts('megabytes', count=effort.megabytes)}"),
        consent=consent_sentence(branding, texts),
        works_until=texts("works_until", moment=texts.moment(link.expires_at, branding.time_zone)),
        choices=_choice_labels(link.offered(), texts),
    )


def consent_sentence(branding: Branding, texts: Texts) -> Sentence:
    """The sentence that the customer agrees to, which is also stored."""
    return texts("consent", company=branding.company_name)


def _effort(link: Link) -> Effort:
    """The effort of the link's product; for a choice of several, the most that any of them takes."""
    products = [link.product] if link.product else [choice.product for choice in link.offered()]
    efforts = [effort for product in products if (effort := FACTS[product].effort)]
    return Effort(
        tuple(need for need in (FACE, DOCUMENT, NUMBER) if any(need in effort.needs for effort in efforts)),
        max(effort.minutes for effort in efforts),
        max(effort.megabytes for effort in efforts),
    )


def _needs(link: Link, effort: Effort, texts: Texts) -> list[Sentence]:
    needs = [texts("need_face")] if FACE in effort.needs else []
    if link.product is None:
        needs.append(texts("need_choice"))
    elif DOCUMENT in effort.needs or NUMBER in effort.needs:
        kind = "document" if DOCUMENT in effort.needs else "number"
        name = _name_of(link.id_type, texts) if link.id_type else ""
        needs.append(texts(f"need_{kind}", id_type=name) if name else texts(f"need_any_{kind}"))
    if FACE in effort.needs or DOCUMENT in effort.needs:
        needs.append(texts("need_camera"))
    return needs


def _choice_labels(offered: list[IdTypeChoice], texts: Texts) -> list[str]:
    is_one_country = len({choice.country for choice in offered}) == 1
    names = [_name_of(choice.id_type, texts) for choice in offered]
    if is_one_country:
        return names
    return [f"{name} ({texts.country(choice.country)})" for name, choice in zip(names, offered, strict=True)]


def _name_of(id_type: str, texts: Texts) -> str:
    return texts.id_type(id_type, id_type_words(id_type))
