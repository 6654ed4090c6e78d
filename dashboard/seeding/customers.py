"""Who each job is about. Some customers come back, and one ring of fraudsters shares a number, a phone and a device."""

from dataclasses import replace
from typing import NamedTuple

from dashboard.jobs.products import FACTS, Product
from dashboard.sandbox.world.type_ids import type_id
from dashboard.seeding.chance import id_with, uuid_text
from dashboard.seeding.company import MAIN_COUNTRY, RING, Brief, Company
from dashboard.seeding.moments import SECOND
from dashboard.seeding.people import Person, make_number, make_person
from dashboard.smile.constants import SmileApi
from dashboard.smile.typed import fold

#: Of a hundred jobs of other products than SmartSelfie authentication.
RETURNING = 18
#: How far back the earlier job of one who comes back lies, in jobs.
FURTHEST_BACK = 200_000
#: Of a hundred jobs that our members' own app submits.
WITH_DEVICE = 35
#: Of a hundred customers, those whose user id was made up by us.
WITH_MADE_UP_ID = 40
RING_USERS = tuple(f"cust-99001{place:02}" for place in range(RING.users))


class Customer(NamedTuple):
    """Who a job is about, and the ids that it goes by."""

    person: Person
    id_number: str
    user_id: str
    reference: str
    smile_job_id: str
    device: str  # empty where our own app was not used

    @property
    def email(self) -> str:
        return f"{fold(self.person.first_name)}.{fold(self.person.last_name)}@example.com"

    @property
    def params(self) -> dict[str, str]:
        return {"device": self.device} if self.device else {}


class Customers:
    def __init__(self, company: Company) -> None:
        self._company = company

    def of(self, brief: Brief) -> Customer:
        if brief.is_of_ring:
            return self._of_ring(brief)
        user = self._user(brief)
        first = brief if user == brief.number else self._company.job(user)
        bits = self._company.chance.bits("user", user)
        has_number = FACTS[brief.product].id_type_list
        has_device = brief.link is None and brief.bits % 100 < WITH_DEVICE
        return Customer(
            make_person(first.country or MAIN_COUNTRY, bits),
            make_number(brief.country, brief.id_type, bits) if has_number else "",
            f"user-{uuid_text(bits)}" if bits % 100 < WITH_MADE_UP_ID else f"cust-{user:07}",
            f"cust-{user:07}" if bits % 7 else "",
            _smile_job_id(brief),
            f"android-{bits % 2**48:012x}" if has_device else "",
        )

    def _user(self, brief: Brief) -> int:
        """The number of a customer is that of their first job."""
        is_new = brief.product != Product.SMARTSELFIE_AUTHENTICATION and (brief.bits >> 16) % 100 >= RETURNING
        if is_new or not brief.number:
            return brief.number
        return brief.number - 1 - (brief.bits >> 24) % min(brief.number, FURTHEST_BACK)

    def _of_ring(self, brief: Brief) -> Customer:
        head, place = self._company.chance.bits("ring", 0), brief.bits % RING.users
        own = make_person(MAIN_COUNTRY, self._company.chance.bits("ring", 1 + place))
        person = replace(own, phone=make_person(MAIN_COUNTRY, head).phone)
        number = make_number(brief.country, brief.id_type, head)
        user = RING_USERS[place]
        return Customer(person, number, user, user, _smile_job_id(brief), f"android-{head % 2**48:012x}")


def _smile_job_id(brief: Brief) -> str:
    if brief.api == SmileApi.V3:
        return type_id("job", id_with(brief.at + SECOND, brief.bits).int)
    return f"{1_000_000_000 + brief.number * 3 + brief.bits % 3:010}"
