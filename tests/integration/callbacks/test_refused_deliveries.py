"""Refused deliveries of real processes: written a moment later, at the end of a process, and by several of them."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from urllib.parse import urlsplit

from sqlmodel import col, select

from dashboard.callbacks.models import Callback, Verdict
from dashboard.callbacks.receiving.verdicts import MOST_TOGETHER
from dashboard.callbacks.refused.models import RefusedDelivery
from dashboard.callbacks.refused.reasons import RefusalReason
from dashboard.callbacks.refused.storing import MOST_OF_NETWORK
from dashboard.db import Database
from tests.factories.callbacks import DOOR, encode, make_job, make_payload, sign
from tests.integration.callbacks.senders import Sender
from tests.integration.conftest import API_KEY, Deployment, free_port, wait_until_up


def post(web_url: str, body: bytes, content_type: str) -> int:
    connection = HTTPConnection(urlsplit(web_url).netloc, timeout=60)
    try:
        connection.request("POST", DOOR, body, {"Content-Type": content_type} if content_type else {})
        return connection.getresponse().status
    finally:
        connection.close()


def listed(database: Database) -> list[RefusedDelivery]:
    with database.reading() as session:
        return list(session.exec(select(RefusedDelivery).order_by(col(RefusedDelivery.id))).all())


def wait_for(database: Database, count: int) -> list[RefusedDelivery]:
    deadline = time.monotonic() + 60
    while sum(row.count for row in listed(database)) < count:
        assert time.monotonic() < deadline, f"{listed(database)} instead of {count}"
        time.sleep(0.1)
    return listed(database)


def test_refused_deliveries_are_written_by_themselves_with_the_job_they_name(
    deploy: Callable[..., Deployment],
) -> None:
    deployment = deploy("web")
    job = make_job(deployment.database)
    body = encode(make_payload())

    statuses = [
        post(deployment.web_url, body, "text/plain"),
        post(deployment.web_url, body, ""),
        post(deployment.web_url, body[:-1], "application/json"),
        post(deployment.web_url, encode(make_payload(Photo="A" * 2_200_000)), "application/json"),
    ]

    rows = wait_for(deployment.database, 4)
    assert statuses == [415, 415, 400, 413]
    assert [row.reason for row in rows] == [
        RefusalReason.MEDIA_TYPE,
        RefusalReason.NO_MEDIA_TYPE,
        RefusalReason.NOT_JSON,
        RefusalReason.TOO_LARGE,
    ]
    assert {row.job_id for row in rows} == {job.id}


def test_what_waits_is_written_when_the_process_is_told_to_end(deploy: Callable[..., Deployment]) -> None:
    deployment = deploy("web")
    web = deployment.processes["web"]

    assert post(deployment.web_url, b"{", "application/json") == 400
    web.terminate()
    web.join(30)

    assert [row.reason for row in listed(deployment.database)] == [RefusalReason.NOT_JSON]


def test_two_processes_keep_the_bounds_of_an_address_and_of_a_signature(deploy: Callable[..., Deployment]) -> None:
    deployment = deploy("web")
    port = free_port()
    other_url = f"http://127.0.0.1:{port}"
    wait_until_up(f"{other_url}/readyz", deployment.start("second", "web", "--port", str(port)))
    urls = [deployment.web_url, other_url]
    payload = make_payload()
    payload |= {"signature": sign(payload["timestamp"], API_KEY)}
    params = payload["PartnerParams"]
    jobs = [f"job-{number}" for number in range(MOST_TOGETHER)]
    bodies = [encode(payload | {"PartnerParams": params | {"job_id": job_id}}) for job_id in jobs]
    bodies += [encode(payload | {"ResultText": f"text {number}"}) for number in range(4)]  # for job-1 once more

    def send(number: int) -> int:
        sender = Sender(urls[number % 2])
        try:
            return sender.send(bodies[number]).status
        finally:
            sender.close()

    with ThreadPoolExecutor(4) as pool:
        statuses = set(pool.map(send, range(len(bodies))))
    for number in range(3 * MOST_OF_NETWORK):
        post(urls[number % 2], b"{", "application/json")

    rows = wait_for(deployment.database, 3 * MOST_OF_NETWORK)
    with deployment.database.reading() as session:
        verdicts = session.exec(select(Callback.verdict).order_by(col(Callback.id))).all()
    assert statuses == {200}
    assert verdicts.count(Verdict.VALID) == MOST_TOGETHER
    assert verdicts.count(Verdict.REUSED) == 4
    assert len(rows) == MOST_OF_NETWORK
