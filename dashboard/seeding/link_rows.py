"""The rows of links, at every stage that a customer reaches, and the sentence that customers agree to."""

from functools import cache

from dashboard.crypto import KeyRing
from dashboard.links.codes import digest_of_code
from dashboard.links.languages import texts_in
from dashboard.links.models import prefill_associated_data
from dashboard.seeding.company import A_MAKER, Company, LinkBrief
from dashboard.seeding.customers import Customers
from dashboard.seeding.moments import DAY, HOUR, SECOND
from dashboard.seeding.people import make_person
from dashboard.seeding.rows import Row, Rows
from dashboard.smile.typed import fold

DAYS = (1, 3, 7, 7, 7, 30)
#: Of a hundred links.
PREFILLED, REVOKED, PAUSED, OPENED = 25, 4, 2, 55


class LinkRows:
    def __init__(self, company: Company, environment: str, keyring: KeyRing) -> None:
        self._company, self._environment, self._keyring = company, environment, keyring
        self._customers = Customers(company)

    def add(self, rows: Rows, number: int) -> None:
        brief = self._company.link(number)
        random = self._company.chance.random("link story", number)
        maker = self._company.maker(random.getrandbits(16))
        row: Row = {
            "id": brief.id,
            "environment": self._environment,
            "code_digest": digest_of_code(f"{brief.bits:032x}{random.getrandbits(64):016x}"),
            "language": brief.language,
            "expires_at": brief.at + DAYS[random.getrandbits(8) % len(DAYS)] * DAY,
            "created_by": maker.email if maker else A_MAKER,
            "created_at": brief.at,
            "changed_at": brief.at,
        }
        if brief.job:
            self._start(row, brief)
        else:
            self._leave(row, brief, random.random())
        row["customer_reference_folded"] = fold(row["customer_reference"])
        row["user_id_folded"] = fold("")
        if row["id_type"] and random.random() * 100 < PREFILLED:
            person = make_person(row["country"], random.getrandbits(128))
            prefill = {"first_name": person.first_name, "last_name": person.last_name}
            row["prefill_sealed"] = self._keyring.seal_json(prefill, prefill_associated_data(brief.id))
        rows.add("link", row)

    def _start(self, row: Row, brief: LinkBrief) -> None:
        """The link of a customer who started: it asks for what their job was about."""
        job = brief.job
        assert job
        customer = self._customers.of(job)
        row |= {"product": job.product, "country": job.country or None, "id_type": job.id_type or None}
        row["customer_reference"] = customer.reference
        row["opened_at"], row["started_at"] = job.at - 50 * SECOND, job.at
        row["expires_at"] = max(row["expires_at"], job.at + HOUR)
        row |= {"uses_spent": 1, "version": 3, "changed_at": job.at}

    def _leave(self, row: Row, brief: LinkBrief, draw: float) -> None:
        """The link of a customer who did not start."""
        product, country, id_type = self._company.asked(brief.bits, has_link=True)
        row |= {"product": product, "country": country or None, "id_type": id_type or None}
        row["customer_reference"] = f"cust-{brief.bits % 10**7:07}" if brief.bits % 7 else ""
        later = brief.at + int((1 + 20 * draw) * HOUR)
        if later > self._company.until:
            return
        percent = draw * 100
        if percent < REVOKED:
            row |= {"revoked_at": later, "changed_at": later, "version": 2}
        elif percent < REVOKED + PAUSED:
            row |= {"paused_at": later, "changed_at": later, "version": 2}
        elif percent < OPENED:
            row |= {"opened_at": later, "changed_at": later, "version": 2}


@cache
def consent_in(language: str, company_name: str) -> str:
    """What a customer agrees to, word for word."""
    return texts_in(language)("consent", company=company_name).unmarked
