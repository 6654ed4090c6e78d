"""The company that the data is made up for: what each of its jobs, links and members is about, by its number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple, TypeVar
from uuid import UUID

from dashboard.jobs.products import FACTS, WEB_PRODUCTS, Product
from dashboard.jobs.smile_api.catalogue import Catalogue
from dashboard.permissions import Role
from dashboard.seeding.calendar import Calendar
from dashboard.seeding.chance import Chance, id_with, uuid_text
from dashboard.seeding.moments import MINUTE, Moment, moment_of
from dashboard.seeding.people import NAMES, make_person
from dashboard.smile.constants import SmileApi

#: Of a hundred jobs.
PRODUCTS = {
    Product.BIOMETRIC_KYC: 27,
    Product.ENHANCED_KYC: 20,
    Product.BASIC_KYC: 14,
    Product.DOCUMENT_VERIFICATION: 14,
    Product.SMARTSELFIE_AUTHENTICATION: 9,
    Product.SMARTSELFIE_REGISTRATION: 7,
    Product.ENHANCED_DOCUMENT_VERIFICATION: 6,
    Product.BUSINESS_VERIFICATION: 3,
}
COUNTRIES = {"NG": 46, "KE": 20, "GH": 13, "ZA": 10, "UG": 5, "CI": 3, "ZM": 2, "RW": 1}
#: The ID types that most customers have; the others of the catalogue come now and then.
POPULAR = frozenset({"BVN", "NIN_V2", "NATIONAL_ID", "PASSPORT", "DRIVERS_LICENSE", "VOTER_ID", "SSNIT"})
POPULAR_WEIGHT = 12
#: What the company has switched to v3, and at which share of all jobs: a product whose answer needs no callback.
OF_V3, V3_FROM = Product.ENHANCED_KYC, 0.85
#: Of links, those whose customers started.
STARTED_LINKS = 0.6
#: Members who work with jobs all day; the others look.
MOST_MAKERS = 40
GONE = 15  # of a hundred members
A_MAKER = "ben@example.com"  # where there are no members
MAIN_COUNTRY = "NG"
LINK_LANGUAGES = ("", "", "en", "en", "fr", "sw", "pt", "ar")


@dataclass(frozen=True)
class Ring:
    """Fraudsters who share one person's number, phone and device within a few weeks."""

    users: int = 12
    jobs: int = 60
    begins: float = 0.80  # as a share of all jobs
    ends: float = 0.84
    asks: tuple[Product, str, str] = (Product.BIOMETRIC_KYC, "NG", "BVN")


RING = Ring()

T = TypeVar("T")


@dataclass(frozen=True)
class Amounts:
    """How many rows of each kind."""

    jobs: int = 0
    callbacks: int = 0
    links: int = 0
    members: int = 0
    sign_ins: int = 0
    audit_lines: int = 0


class Brief(NamedTuple):
    """What a job is about."""

    number: int
    id: UUID
    at: Moment
    product: Product
    country: str
    id_type: str
    maker: str
    link: int | None  # the number of the link that it was started from
    bits: int  # its own chance
    job_id: str
    is_of_ring: bool  # of the fraudsters
    api: SmileApi = SmileApi.V1

    @property
    def is_answered_at_once(self) -> bool:
        """Whether our own request gets the answer; a customer who comes from a link asks Smile's page."""
        return self.link is None and FACTS[self.product].is_answered_at_once


@dataclass(frozen=True)
class LinkBrief:
    number: int
    id: UUID
    at: Moment
    language: str  # empty: what the customer's browser prefers
    job: Brief | None  # that its customer started
    bits: int


@dataclass(frozen=True)
class Colleague:
    number: int
    id: UUID
    at: Moment
    name: str
    email: str
    role: Role
    is_gone: bool


class Company:
    def __init__(self, amounts: Amounts, seed: int, until: datetime) -> None:
        self.amounts = amounts
        self.until = moment_of(until)
        self.chance = Chance(seed)
        self.calendar = Calendar(self.until, self.chance)
        self._products = _table(PRODUCTS)
        self._countries = _table(COUNTRIES)
        self._ring = range(int(amounts.jobs * RING.begins), int(amounts.jobs * RING.ends))
        self._ring_every = max(len(self._ring) // RING.jobs, 4)
        self._started_links = min(int(amounts.links * STARTED_LINKS), amounts.jobs)

    def job(self, number: int) -> Brief:
        bits = self.chance.bits("job", number)
        at = self._moment(number, self.amounts.jobs, bits >> 96)
        link = self._link_of(number)
        is_of_ring = link is None and number in self._ring and number % self._ring_every == 0
        product, country, id_type = RING.asks if is_of_ring else self.asked(bits, has_link=link is not None)
        maker = "customer" if link is not None else self._maker(bits & 0xFFFF)
        job_id = f"job-{uuid_text(bits)}"
        is_of_v3 = product == OF_V3 and link is None and number >= self.amounts.jobs * V3_FROM
        api = SmileApi.V3 if is_of_v3 else SmileApi.V1
        return Brief(
            number, id_with(at, bits), at, product, country, id_type, maker, link, bits, job_id, is_of_ring, api
        )

    def link(self, number: int) -> LinkBrief:
        bits = self.chance.bits("link", number)
        job = self._job_of_link(number)
        if job is None:
            place, places = number - self._started_links, self.amounts.links - self._started_links
            at = self._moment(place, places, bits >> 96)
        else:  # Most customers start within a day.
            at = job.at - MINUTE * (2 + (bits >> 64) % 997 * ((bits >> 80) % 5))
        language = LINK_LANGUAGES[(bits >> 32) % len(LINK_LANGUAGES)]
        return LinkBrief(number, id_with(at, bits), at, language, job, bits)

    def _job_of_link(self, link: int) -> Brief | None:
        """The first links are those whose customers started."""
        if link >= self._started_links:
            return None
        return self.job(-(-(link + 1) * self.amounts.jobs // self._started_links) - 1)

    def moment_of_sign_in(self, number: int) -> Moment:
        return self._moment(number, self.amounts.sign_ins, self.chance.bits("sign-in", number) >> 96)

    def colleague(self, number: int) -> Colleague:
        bits = self.chance.bits("member", number)
        person = make_person(list(NAMES)[number % len(NAMES)], bits)
        # Each started within the time in which the company grew; the first two begin it.
        share = number / self.amounts.members
        at = self.calendar.begin + number * MINUTE if number < 2 else self.calendar.moment(share * 0.98)
        role = Role.OWNER if number % 12 == 0 else Role.VIEWER if number % 5 == 3 else Role.OPERATOR
        return Colleague(
            number,
            id_with(at, bits),
            at,
            person.name,
            f"{person.first_name}.{person.last_name}{number}@example.com".lower(),
            role,
            is_gone=number >= 2 and bits % 100 < GONE,
        )

    @cached_property
    def makers(self) -> Sequence[Colleague]:
        """Those who create jobs and links. Who comes first does most."""
        colleagues = (self.colleague(number) for number in range(self.amounts.members))
        return [each for each in colleagues if each.role != Role.VIEWER and not each.is_gone][:MOST_MAKERS]

    def maker(self, bits: int) -> Colleague | None:
        """A colleague who has been there from the beginning or joined before; None where there are no members."""
        if not self.makers:
            return None
        place = bits % 1000 / 1000
        return self.makers[int(place * place * len(self.makers))]

    def asked(self, bits: int, *, has_link: bool) -> tuple[Product, str, str]:
        """Product, country and ID type of a job or link; the last two are empty where the product needs none."""
        product = self._products[(bits >> 64) % 100]
        if has_link and product not in WEB_PRODUCTS:
            product = Product.BIOMETRIC_KYC
        if not FACTS[product].id_type_list:
            return product, "", ""
        country = self._countries[(bits >> 48) % 100]
        if (product, country) not in self._id_types:
            country = MAIN_COUNTRY
        choices = self._id_types[product, country]
        return product, country, choices[(bits >> 32) % len(choices)]

    def _maker(self, bits: int) -> str:
        maker = self.maker(bits)
        return maker.email if maker else A_MAKER

    def _moment(self, number: int, count: int, bits: int) -> Moment:
        return self.calendar.moment((number + (bits & 0xFFFFFFFF) / 2**32) / count)

    def _link_of(self, number: int) -> int | None:
        jobs, links = self.amounts.jobs, self._started_links
        place = number * links // jobs
        return place if (number + 1) * links // jobs > place else None

    @cached_property
    def _id_types(self) -> Mapping[tuple[Product, str], Sequence[str]]:
        """The ID types of each product and country, the popular ones several times."""
        catalogue = Catalogue()
        return {
            (product, country): [
                choice.id_type
                for choice in choices
                if "id_number" in choice.required or not FACTS[product].asks_id_number
                for _ in range(POPULAR_WEIGHT if choice.id_type in POPULAR else 1)
            ]
            for product in PRODUCTS
            for country in COUNTRIES
            if (choices := catalogue.id_choices(product, country))
        }


def _table(shares: Mapping[T, int]) -> Sequence[T]:
    return [each for each, share in shares.items() for _ in range(share)]
