"""One callback's page: proof, alarm, pictures, download, curl, comparison; and nothing shown to whom it may not be."""

import base64
import hashlib
import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from PIL import Image as Picture
from sqlmodel import Session, col, select

from dashboard.audit.models import AuditEntry
from dashboard.callbacks.comparing import MOST_LINES, Change, compare_lines
from dashboard.callbacks.erasing import erase_body
from dashboard.callbacks.models import Callback
from dashboard.db import Database, utc_now
from dashboard.jobs.models import Job, Outcome, Result, ResultSource
from tests.factories.callbacks import deliver, encode, make_job, make_payload
from tests.factories.images import make_jpeg

pytestmark = pytest.mark.both_engines

SignIn = Callable[[str], FlaskClient]
MARKUP = "<img src=x onerror=alert(1)>'\"{{7*7}}"


def addresses(database: Database) -> list[str]:
    with database.reading() as session:
        return [f"/callbacks/{found}" for found in session.exec(select(Callback.id).order_by(col(Callback.id))).all()]


def confirm(database: Database, job: Job, code: str, outcome: Outcome, seconds_later: float) -> None:
    with database.transaction() as session:
        received_at = session.exec(select(Callback.received_at)).first() or utc_now()
        session.add(
            Result(
                environment="sandbox",
                job_id=job.id,
                source=ResultSource.JOB_STATUS,
                is_confirmed=True,
                is_final=True,
                outcome=outcome,
                result_code=code,
                result_text="Said by Smile",
                payload_sealed=b"",
                payload_digest="",
                received_at=received_at + timedelta(seconds=seconds_later),
            )
        )


def png(size: tuple[int, int] = (40, 30)) -> str:
    content = io.BytesIO()
    Picture.new("P", size).save(content, "PNG")
    return base64.b64encode(content.getvalue()).decode()


def test_page_says_what_was_signed_and_that_the_body_is_untouched(
    client: FlaskClient, database: Database, sign_in: SignIn
) -> None:
    make_job(database)
    payload = make_payload()
    deliver(client, encode(payload))
    signed_in, [address] = sign_in("cleo"), addresses(database)

    page, twin = signed_in.get(address).text, signed_in.get(f"{address}.json").json

    assert f"<code>{payload['timestamp']}</code> + <code>002</code> + <code>sid_request</code>" in page
    assert "The body is unchanged since it was received" in page
    assert "Valid does not mean true" in page
    assert twin["signed_text"] == f"{payload['timestamp']}002sid_request"
    assert {"passed": None} in [{"passed": step["passed"]} for step in twin["steps"]]


def test_body_that_was_changed_in_the_store_is_found_out(
    client: FlaskClient, database: Database, sign_in: SignIn
) -> None:
    deliver(client, encode(make_payload()))
    with database.transaction() as session:
        session.exec(select(Callback)).one().body_sha256 = hashlib.sha256(b"another").hexdigest()

    assert "The body was changed after it was received" in sign_in("ben").get(addresses(database)[0]).text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.9, "Confirmed with Smile 0.9 seconds later"), (-60, "Confirmed with Smile 1 minute before it arrived")],
)
def test_page_tells_how_long_after_it_smile_confirmed(
    client: FlaskClient, database: Database, sign_in: SignIn, seconds: float, words: str
) -> None:
    job = make_job(database)
    deliver(client, encode(make_payload()))
    confirm(database, job, "0810", Outcome.APPROVED, seconds)

    page = sign_in("ben").get(addresses(database)[0]).text

    assert words in page
    assert "Contradicted" not in page


def test_claim_that_smile_contradicts_raises_the_alarm(
    client: FlaskClient, database: Database, sign_in: SignIn
) -> None:
    job = make_job(database)
    deliver(client, encode(make_payload()))
    confirm(database, job, "0811", Outcome.REJECTED, 2)
    signed_in, [address] = sign_in("ben"), addresses(database)

    page, twin = signed_in.get(address).text, signed_in.get(f"{address}.json").json

    headline = page.partition('id="verdict-heading"')[2].partition("</h2>")[0]
    beside = page.partition('class="beside"')[2].partition("</nav>")[0]
    assert "Contradicted" in headline
    assert "Contradicted" in beside
    assert "Valid" not in headline + beside
    assert "Valid signature" in page.partition('class="signature-line"')[2].partition("</p>")[0]
    assert "It claims approved (code 0810), but Smile itself says rejected (code 0811)." in page
    assert "<strong>Next:</strong> Do not act on this callback." in page
    assert twin["alarm"] in [step["text"] for step in twin["steps"] if step["passed"] is False]


@pytest.mark.parametrize(
    ("payload", "headline", "next_step"),
    [
        ({"signature": "d3Jvbmc="}, "Wrong signature", "add it under Settings"),
        ({"signature": None}, "No signature", "treated as coming from somebody else"),
        ({"job_id": "nobody-knows"}, "Valid signature", "created elsewhere"),
        ({}, "Valid signature", "will be passed to its job"),
    ],
)
def test_page_names_the_verdict_and_says_what_is_next(
    client: FlaskClient, database: Database, sign_in: SignIn, payload: dict[str, Any], headline: str, next_step: str
) -> None:
    job = make_job(database)
    deliver(client, encode(make_payload(**payload)))
    with database.transaction() as session:
        session.get_one(Job, job.id).customer_reference = "cust-7"
        is_of_job = session.exec(select(Callback)).one().job_id == job.id
    [address] = addresses(database)

    page = sign_in("ben").get(address).text

    assert headline in page.partition('id="verdict-heading"')[2].partition("</h2>")[0]
    assert next_step in page.partition("<strong>Next:</strong>")[2].partition("</p>")[0]
    assert ("cust-7" in page) is is_of_job


def test_press_on_a_callback_that_was_erased_meanwhile_changes_nothing(
    client: FlaskClient, database: Database, sign_in: SignIn
) -> None:
    make_job(database)
    deliver(client, encode(make_payload()))
    with database.transaction() as session:
        erase_body(session.exec(select(Callback)).one(), utc_now())
    signed_in, [address] = sign_in("ben"), addresses(database)

    pages = [signed_in.post(f"{address}/{act}", follow_redirects=True).text for act in ("processing", "verifications")]

    assert all('role="alert">The body of this callback has been erased' in page for page in pages)
    assert not any("/processing" in page for page in pages)


def test_live_part_stops_asking_once_smile_has_confirmed(
    client: FlaskClient, database: Database, sign_in: SignIn
) -> None:
    job = make_job(database)
    deliver(client, encode(make_payload()))
    signed_in, [address] = sign_in("ben"), addresses(database)
    page = signed_in.get(address).text
    live_address = page.partition('hx-get="')[2].partition('"')[0]

    unchanged = signed_in.get(live_address)
    confirm(database, job, "0810", Outcome.APPROVED, 1)
    with database.transaction() as session:
        session.get_one(Job, job.id).changed(utc_now())
        session.exec(select(Callback)).one().handled_at = utc_now()
    changed = signed_in.get(live_address)

    assert unchanged.status_code == 204
    assert "Confirmed with Smile" in changed.text
    assert "data-poll" not in changed.text
    assert signed_in.get("/callbacks/01a20000-0000-7000-8000-000000000000/status").status_code == 404


def test_list_stands_beside_with_its_filter_and_the_chosen_one_marked(
    client: FlaskClient, database: Database, sign_in: SignIn
) -> None:
    for text in ("first", "second", "third"):
        deliver(client, encode(make_payload(ResultText=text, job_id=f"job-{text}")))
    deliver(client, encode(make_payload(signature="d3Jvbmc=")))
    address = addresses(database)[1]

    page = sign_in("cleo").get(f"{address}?verdict=valid&job=none").text

    beside = page.partition('class="beside"')[2].partition("</nav>")[0]
    assert beside.count("verdict=valid&amp;job=none") == 3
    assert beside.count('aria-current="page"') == 1
    assert f'{address}?verdict=valid&amp;job=none" aria-current="page"' in beside
    assert 'href="/callbacks?verdict=valid&amp;job=none"' in page


@pytest.mark.parametrize("name", ["ada", "ben", "cleo"])
def test_markup_in_every_field_stays_text(client: FlaskClient, database: Database, sign_in: SignIn, name: str) -> None:
    fields: dict[str, Any] = dict.fromkeys(make_payload(), MARKUP)
    fields |= {"PartnerParams": dict.fromkeys(("job_id", "user_id", "job_type", MARKUP), MARKUP)}
    fields |= {"Actions": {MARKUP: MARKUP}, MARKUP: [MARKUP, {MARKUP: MARKUP}], "Photo": "/9j/" + MARKUP * 10}
    for number in range(2):
        deliver(client, encode(fields | {"more": number}), headers={"X-Markup": MARKUP, "User-Agent": MARKUP})
    signed_in, [first, second] = sign_in(name), addresses(database)
    pages = [
        *(
            first,
            f"{first}/compare/{second.rpartition('/')[2]}",
            "/callbacks",
            "/callbacks?q=onerror",
            f"{first}/status",
        ),
        f"{first}?verified=now",
    ]

    for page in pages:
        answer = signed_in.get(page, follow_redirects=True)
        assert answer.status_code == 200
        assert "<img src=x" not in answer.text
        assert "&lt;img src=x" in answer.text
        assert "49" not in answer.text.partition("onerror")[2][:40]


def test_pictures_are_drawn_anew_for_those_who_may_see_them(
    client: FlaskClient, database: Database, session: Session, sign_in: SignIn
) -> None:
    hidden = Picture.Exif()
    hidden[0x9286] = "secret place"
    jpeg = io.BytesIO()
    Picture.open(io.BytesIO(make_jpeg(1))).save(jpeg, "JPEG", exif=hidden, comment=b"secret note")
    selfie = base64.b64encode(jpeg.getvalue()).decode()
    deliver(client, encode(make_payload(Photo=selfie, More={"card": [f"data:image/png;base64,{png()}"]})))
    signed_in, [address] = sign_in("ben"), addresses(database)

    page, twin = signed_in.get(address).text, signed_in.get(f"{address}.json").json
    answers = [signed_in.get(f"{address}/images/{field}") for field in ("1", "2", "More.card.0")]

    assert [image["field"] for image in twin["images"]] == ["Photo", "More.card.0"]
    assert f'src="{address}/images/1" loading="lazy"' in page
    assert selfie[:60] not in page
    for answer in answers:
        assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert b"secret" not in answer.data
        assert Picture.open(io.BytesIO(answer.data)).format == "JPEG"
    lines = session.exec(
        select(AuditEntry).where(AuditEntry.action == "callback.image_viewed").order_by(AuditEntry.sequence)
    ).all()
    assert [line.details["field"] for line in lines] == ["Photo", "More.card.0", "More.card.0"]
    assert signed_in.get(f"{address}/images/3").status_code == 404
    assert signed_in.get(f"{address}/images/FullName").status_code == 404


def test_pictures_are_not_for_viewers(client: FlaskClient, database: Database, sign_in: SignIn) -> None:
    deliver(client, encode(make_payload(Photo=png())))
    signed_in, [address] = sign_in("cleo"), addresses(database)

    assert signed_in.get(f"{address}/images/1").status_code == 403
    page = signed_in.get(address).text
    assert "/images/" not in page
    assert "It contains an image. Your role does not include seeing it." in page


@pytest.mark.parametrize(
    "picture",
    [
        "/9j/" + "A" * 400,
        "/9j/" + "!" * 400,
        "iVBORw0KGgo" + "A" * 401,
        base64.b64encode(base64.b64decode(png())[:60] + b"\0" * 60).decode(),
        png((5000, 5000)),
        png((12000, 12000)),
    ],
)
def test_picture_that_is_damaged_or_huge_is_refused(
    client: FlaskClient, database: Database, sign_in: SignIn, picture: str
) -> None:
    deliver(client, encode(make_payload(Photo=picture)))

    assert sign_in("ben").get(f"{addresses(database)[0]}/images/1").status_code == 404


def test_only_an_owner_downloads_the_body_just_as_it_came(
    client: FlaskClient, database: Database, session: Session, sign_in: SignIn
) -> None:
    received = json.dumps(make_payload(), indent=3).encode() + b"\n "
    deliver(client, received)
    [address] = addresses(database)

    refused = [sign_in(name).get(f"{address}/body").status_code for name in ("ben", "cleo")]
    offered = [f"{address}/body" in sign_in(name).get(address).text for name in ("ben", "cleo", "ada")]
    answer = sign_in("ada").get(f"{address}/body")

    assert refused == [403, 403]
    assert offered == [False, False, True]
    assert "The file contains a usable signature" in sign_in("ada").get(address).text
    assert answer.data == received
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert (answer.headers["Cache-Control"], answer.headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert session.exec(
        select(AuditEntry.who).where(AuditEntry.action == "callback.downloaded").order_by(AuditEntry.sequence)
    ).all() == ["ada@example.com"]


def test_curl_leaves_the_pair_out_and_what_is_not_revealed(
    client: FlaskClient, database: Database, sign_in: SignIn
) -> None:
    payload = make_payload(FullName="Joe d'Oe; rm -rf $HOME", Photo=png((300, 300)))
    deliver(client, encode(payload))
    [address] = addresses(database)

    commands = {}
    for name in ("ben", "cleo"):
        page = sign_in(name).get(address).text
        commands[name] = page.partition('class="curl"')[2].partition(">")[2].partition("</pre>")[0]
    page = sign_in("ben").post(f"{address}/reveals", data={"reason": "review"}).text
    commands["revealed"] = page.partition('class="curl"')[2].partition(">")[2].partition("</pre>")[0]

    for command in commands.values():
        assert command.startswith("curl -X POST http://localhost/hooks/smile -H ")
        assert "&lt;timestamp&gt;" in command
        assert "&lt;signature&gt;" in command
        assert payload["signature"] not in command
        assert payload["timestamp"] not in command
    assert ["rm -rf" in commands[name] for name in ("revealed", "ben", "cleo")] == [True, False, False]


@pytest.mark.parametrize(("name", "may_reveal"), [("ben", True), ("cleo", False)])
def test_two_of_one_job_are_compared_masked_until_somebody_reveals_them(
    client: FlaskClient, database: Database, sign_in: SignIn, name: str, may_reveal: bool
) -> None:
    make_job(database)
    deliver(client, encode(make_payload(ResultCode="0814")))
    deliver(client, encode(make_payload(age=timedelta(seconds=1), FullName="Jane Roe")))
    signed_in, [first, second] = sign_in(name), addresses(database)
    address = f"{second}/compare/{first.rpartition('/')[2]}"

    page, twin = signed_in.get(address).text, signed_in.get(f"{address}.json").json
    revealed = signed_in.post(f"{address}/reveals", data={"reason": "review"})

    assert "<del>  &#34;ResultCode&#34;: &#34;0814&#34;,</del>" in page
    assert "<ins>  &#34;ResultCode&#34;: &#34;0810&#34;,</ins>" in page
    assert "Jane Roe" not in page + json.dumps(twin)
    assert (revealed.status_code, "Jane Roe" in revealed.text) == ((200, True) if may_reveal else (403, False))
    assert ("Reveal what is masked" in page) is may_reveal
    assert (twin["before"]["result_code"], twin["after"]["result_code"]) == ("0814", "0810")
    chosen = signed_in.get(first).text
    assert f'href="{second}" rel="next"' in chosen
    assert "Previous" not in chosen
    assert "Number 1 of 2 for this job." in chosen


def test_callbacks_of_two_jobs_are_not_compared(client: FlaskClient, database: Database, sign_in: SignIn) -> None:
    make_job(database)
    deliver(client, encode(make_payload()))
    deliver(client, encode(make_payload(job_id="job-2")))
    first, second = addresses(database)

    assert sign_in("ben").get(f"{first}/compare/{UUID(second.rpartition('/')[2])}").status_code == 404


def test_comparison_skips_what_is_equal_and_ends_somewhere() -> None:
    lines = [str(number) for number in range(50)]
    changed = [*lines[:20], "new", *lines[21:]]

    compared = compare_lines("\n".join(lines), "\n".join(changed))
    long = compare_lines("a\n" * 10 * MOST_LINES, "b\n" * 10 * MOST_LINES)

    assert [line.change for line in compared] == [
        *(Change.SKIPPED, *[Change.SAME] * 3, Change.REMOVED, Change.ADDED, *[Change.SAME] * 3, Change.SKIPPED)
    ]
    assert compare_lines("a\nb", "a\nb")[0].change == Change.SAME
    assert len(long) == 2 * MOST_LINES


def test_page_of_a_long_body_stays_short(client: FlaskClient, database: Database, sign_in: SignIn) -> None:
    deliver(client, encode(make_payload(more=["some words"] * 60_000)))

    page = sign_in("ben").post(f"{addresses(database)[0]}/reveals", data={"reason": "review"}).text

    assert "characters more" in page
    assert "@callback.json" in page
    assert len(page) < 400_000
