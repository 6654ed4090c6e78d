"""The list and the page of a callback: who sees what, filters, polling and the JSON twins."""

import html
import json
import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlmodel import col, select

from dashboard.callbacks.models import Callback
from dashboard.db import Database, utc_now
from dashboard.jobs.models import Result, ResultSource
from tests.factories.callbacks import deliver, encode, make_job, make_payload, make_refused_rows

pytestmark = pytest.mark.both_engines

SignIn = Callable[[str], FlaskClient]

LISTED = {"id", "received_at", "verdict", "reason", "job_id", "result_code", "body_sha256", "times_seen", "handled_at"}

UNKNOWN = "01a20000-0000-7000-8000-000000000000"


def newest_id(database: Database) -> UUID:
    with database.reading() as session:
        return session.exec(select(Callback.id).order_by(col(Callback.id).desc()).limit(1)).one()


@pytest.mark.parametrize("name", ["ada", "ben", "cleo"])
def test_every_role_reads_the_list(client: FlaskClient, database: Database, sign_in: SignIn, name: str) -> None:
    make_job(database)
    deliver(client, encode(make_payload()))

    page = sign_in(name).get("/callbacks")

    assert page.status_code == 200
    assert "no reference \u00b7\u00b7\u00b7\u00b7" in page.text
    assert "Valid signature" in page.text
    assert "Joe Doe" not in page.text


@pytest.mark.parametrize("path", ["", f"/{UNKNOWN}"])
def test_somebody_signed_out_is_sent_to_the_door(client: FlaskClient, path: str) -> None:
    page = client.get(f"/callbacks{path}")
    twin = client.get(f"/callbacks{path}.json")

    assert (page.status_code, page.location.partition("?")[0]) == (303, "/sign-in")
    assert twin.status_code == 401


@pytest.mark.parametrize("path", [f"/callbacks/{UNKNOWN}", f"/callbacks/{UNKNOWN}.json", "/callbacks/nonsense"])
def test_callback_that_does_not_exist_is_not_found(sign_in: SignIn, path: str) -> None:
    assert sign_in("ben").get(path).status_code == 404


def test_callback_of_another_environment_is_not_found(client: FlaskClient, database: Database, sign_in: SignIn) -> None:
    deliver(client, encode(make_payload()))
    with database.transaction() as session:
        session.get_one(Callback, newest_id(database)).environment = "production"

    signed_in = sign_in("ben")

    assert signed_in.get(f"/callbacks/{newest_id(database)}").status_code == 404
    assert signed_in.get("/callbacks.json").json["count"] == 0


def test_empty_list_says_where_smile_has_to_send(sign_in: SignIn) -> None:
    page = sign_in("ben").get("/callbacks")

    assert "Nothing received yet" in page.text
    assert "http://localhost/hooks/smile" in page.text


@pytest.mark.parametrize(
    ("query", "texts"),
    [
        ("verdict=stale", ["old"]),
        ("verdict=nonsense", []),
        ("q=OLD", ["old"]),
        ("q=job-2", ["orphan"]),
        ("q=100%25", []),
        ("job=none", ["orphan"]),
        ("job=job-2", ["orphan"]),
        ("job=job-1&verdict=valid", ["mine"]),
        ("endpoint=x&_external=1&_method=y", ["orphan", "old", "mine"]),
    ],
)
def test_filters_choose_what_is_listed(
    client: FlaskClient, database: Database, sign_in: SignIn, query: str, texts: list[str]
) -> None:
    make_job(database)
    deliver(client, encode(make_payload(ResultText="mine")))
    deliver(client, encode(make_payload(ResultText="old", age=timedelta(hours=1))))
    deliver(client, encode(make_payload(ResultText="orphan", job_id="job-2")))

    signed_in = sign_in("ben")
    twin = signed_in.get(f"/callbacks.json?{query}")

    assert [item["result_text"] for item in twin.json["items"]] == texts
    assert (twin.json["count"], twin.json["count_is_exact"]) == (len(texts), True)
    assert signed_in.get(f"/callbacks?{query}", follow_redirects=True).status_code == 200


def test_ids_of_rows_and_bodies_are_found(client: FlaskClient, database: Database, sign_in: SignIn) -> None:
    job = make_job(database)
    deliver(client, encode(make_payload()))
    deliver(client, encode(make_payload(job_id="job-2")))
    signed_in = sign_in("ben")
    [_, mine] = signed_in.get("/callbacks.json").json["items"]

    found = [
        [item["id"] for item in signed_in.get(f"/callbacks.json?{query}").json["items"]]
        for query in (f"q={mine['id']}", f"q={job.id}", f"job={job.id}", f"q={mine['body_sha256'].upper()}")
    ]

    assert found == [[mine["id"]]] * 4


def test_long_list_goes_on_after_its_last_row(database: Database, sign_in: SignIn) -> None:
    make_refused_rows(database, 120)
    signed_in = sign_in("ben")

    ids: list[str] = []
    sizes = []
    address = "/callbacks.json?verdict=wrong"
    while address:
        twin = signed_in.get(address).json
        ids += [item["id"] for item in twin["items"]]
        sizes.append(len(twin["items"]))
        address = twin["next"]

    assert sizes == [50, 50, 20]
    assert ids == sorted(set(ids), reverse=True)
    assert "Older" in signed_in.get("/callbacks").text


def test_list_polls_itself_and_gets_204_until_something_changes(client: FlaskClient, sign_in: SignIn) -> None:
    body = encode(make_payload())
    deliver(client, body)
    signed_in = sign_in("ben")
    htmx = {"HX-Request": "true"}
    page = signed_in.get("/callbacks?verdict=valid")
    live_address = page.text.partition('hx-get="')[2].partition('"')[0].replace("&amp;", "&")

    unchanged = signed_in.get(live_address, headers=htmx)
    deliver(client, body)
    changed = signed_in.get(live_address, headers=htmx)

    assert live_address.startswith("/callbacks?verdict=valid&seen=")
    assert (unchanged.status_code, unchanged.text) == (204, "")
    assert changed.status_code == 200
    assert "2 times" in changed.text
    assert "<html" not in changed.text
    assert 'id="callbacks-table"' in changed.text


def test_page_explains_the_verdict_step_by_step(client: FlaskClient, database: Database, sign_in: SignIn) -> None:
    job = make_job(database)
    deliver(client, encode(make_payload(age=timedelta(minutes=12))), headers={"X-Trace": "abc"})

    page = sign_in("ben").get(f"/callbacks/{newest_id(database)}")

    assert page.status_code == 200
    assert re.search(r"The signature matches key 1, but the timestamp, .* UTC, is 12 minutes old\.", page.text)
    assert "It has not arrived with another body before." in page.text
    assert "Not confirmed yet." in page.text
    assert f'href="/jobs/{job.id}"' in page.text
    assert "x-trace" in page.text


def test_page_tells_when_smile_confirmed(client: FlaskClient, database: Database, sign_in: SignIn) -> None:
    job = make_job(database)
    deliver(client, encode(make_payload()))
    with database.transaction() as session:
        session.add(
            Result(
                environment="sandbox",
                job_id=job.id,
                source=ResultSource.JOB_STATUS,
                is_confirmed=True,
                is_final=True,
                outcome=None,
                result_code="0811",
                result_text="No Match",
                payload_sealed=b"",
                payload_digest="",
                received_at=utc_now(),
            )
        )

    page = sign_in("ben").get(f"/callbacks/{newest_id(database)}")

    assert "Smile answered our own request" in page.text
    assert "0811 No Match" in page.text


@pytest.mark.parametrize("name", ["ben", "cleo"])
def test_signature_is_shown_to_nobody(client: FlaskClient, database: Database, sign_in: SignIn, name: str) -> None:
    payload = make_payload()
    signature = payload["signature"]
    escaped = encode(payload).replace(b'"signature"', b'"sign\\u0061ture"')
    escaped = escaped.replace(signature.encode(), signature.replace("=", "\\u003d").encode())
    deliver(client, escaped, headers={"Response-Signature": signature})
    address = f"/callbacks/{newest_id(database)}"
    signed_in = sign_in(name)

    page, twin = signed_in.get(address), signed_in.get(f"{address}.json")

    for text in (page.text, json.dumps(twin.json), twin.json["body"]):
        assert signature[:40] not in text
        assert "[masked]" in text
    assert "signature" in twin.json["masked"]


@pytest.mark.parametrize("name", ["ada", "ben", "cleo"])
def test_everybody_sees_what_describes_the_customer_masked(
    client: FlaskClient, database: Database, sign_in: SignIn, name: str
) -> None:
    deliver(
        client, encode(make_payload(PhoneNumber="0800000000", UnlistedField="secret of Joe", directors=[{"a": "b"}]))
    )
    address = f"/callbacks/{newest_id(database)}"
    signed_in = sign_in(name)

    page, twin = signed_in.get(address), signed_in.get(f"{address}.json").json

    for hidden in ("Joe Doe", "00000000000", "0800000000", "secret of Joe"):
        assert hidden not in page.text
        assert hidden not in json.dumps(twin)
    body = json.loads(twin["body"])
    assert (body["FullName"], body["directors"]) == ("[masked]", "[masked]")
    assert body["PartnerParams"] == {"job_id": "job-1", "user_id": "user-1", "job_type": 1}
    assert body["Actions"] == {"Liveness_Check": "Passed"}
    assert twin["masked"] == ["signature", "personal data"]
    assert "Raw, as received" not in page.text


def test_operator_reveals_the_body_as_it_came_but_for_the_signature(
    client: FlaskClient, database: Database, sign_in: SignIn
) -> None:
    payload = make_payload()
    body = json.dumps(payload, indent=3).encode() + b"\n "
    deliver(client, body)
    address = f"/callbacks/{newest_id(database)}"
    signed_in = sign_in("ben")

    twin = signed_in.get(f"{address}.json").json
    revealed = signed_in.post(f"{address}/reveals", data={"reason": "support case"}).text

    assert html.escape(body.decode().replace(payload["signature"], "[masked]").strip()) in revealed.replace(
        "&#34;", "&quot;"
    )
    assert LISTED | {"headers", "body"} <= set(twin)
    assert twin["headers"]["content-type"] == "application/json"


def test_twin_of_the_list_has_the_facts_of_the_page_and_no_body(
    client: FlaskClient, database: Database, sign_in: SignIn
) -> None:
    job = make_job(database)
    deliver(client, encode(make_payload()))
    deliver(client, encode(make_payload(job_id="job-2")))

    twin = sign_in("cleo").get("/callbacks.json").json

    orphan, mine = twin["items"]
    assert set(twin) == {"items", "next", "count", "count_is_exact"}
    assert set(mine) >= LISTED
    assert "body" not in mine
    assert (mine["verdict"], mine["job_id"], mine["handled_at"]) == ("valid", str(job.id), None)
    assert orphan["job_id"] is None
    assert orphan["handled_at"] is not None


def test_long_base64_is_folded_and_hidden_characters_are_spelled_out(
    client: FlaskClient, database: Database, sign_in: SignIn
) -> None:
    photo = "/9j/" + "A" * 55_980
    deliver(client, encode(make_payload(Photo=photo, ResultText="abc\u202edef", job_id="<script>alert(1)</script>")))

    address, ben = f"/callbacks/{newest_id(database)}", sign_in("ben")
    page = ben.get(address).text + ben.post(f"{address}/reveals", data={"reason": "review"}).text

    assert "AAAA" not in page
    assert "&lt;base64, 41 KB&gt;" in page
    assert 'abc<bdi class="sign" title="U+202E, right-to-left override">' in page
    assert "\u202e" not in page
    assert "<script>alert" not in page
