"""Two hundred phones that press Start of a single-use link at the same moment, as often as is wished."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from dashboard.jobs.products import Product
from tests.factories.links import make_link, reload_link
from tests.integration.conftest import Deployment
from tests.integration.links.phones import Phone

PHONES = 200


def race(deployment: Deployment, rounds: int) -> tuple[list[Counter[int]], list[int]]:
    """The statuses that the phones got in each round, and the uses that were spent of each link."""
    settings = deployment.settings()
    nin = {"product": Product.ENHANCED_KYC, "country": "NG", "id_type": "NIN"}
    links = [make_link(deployment.database, settings, **nin) for _ in range(rounds)]
    phones = [Phone(deployment.web_url, number) for number in range(PHONES)]
    barrier = Barrier(PHONES)

    def press(phone: Phone, code: str) -> int:
        barrier.wait()
        return phone.press_start(code)

    with ThreadPoolExecutor(PHONES) as pool:
        assert set(pool.map(lambda phone: phone.open(links[0][1]), phones)) == {200}
        answers = [Counter(pool.map(press, phones, [code] * PHONES)) for _, code in links]
    return answers, [reload_link(deployment.database, link).uses_spent for link, _ in links]
