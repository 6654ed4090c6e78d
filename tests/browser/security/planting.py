"""Puts texts into every field that Smile, a customer or a stranger can fill, behind a real web process.

Straight into the rows where our own forms would refuse them, through the door where it takes anything. `Planted.pages`
says what to look at afterwards, as whom, and which of the texts have to be shown there.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import requests
from sqlmodel import select

from dashboard.audit.trail import record
from dashboard.db import utc_now
from dashboard.jobs.following.outcome import keep_result, read_result, settle_job
from dashboard.jobs.models import ResultSource
from dashboard.jobs.products import Product
from dashboard.links.models import Link, LinkStart, WebToken
from dashboard.stored_settings import Branding, write_branding
from tests.factories.callbacks import make_payload, sign
from tests.factories.events import add_event_of_before
from tests.factories.jobs import make_job
from tests.factories.links import make_link, make_start
from tests.factories.smile_links import MADE, make_smile_link
from tests.integration.conftest import API_KEY, Deployment, Staff

#: Sent as they are: what a header cannot hold is left out of it.
HEADERS = ("User-Agent", "X-Request-Id", "Accept-Language")
#: What a press of "reveal" says.
WHY = {"reason": "review"}
#: What others see of a row is less of the same, so a few rows tell as much as all.
ROWS_SEEN_BY_OTHERS = 4
IMAGE_LINKS = ("selfie_image", "id_card_image", "liveness_image")


@dataclass(frozen=True)
class Visit:
    path: str
    member: str | None = "ben"
    shown: tuple[str, ...] = ()
    posts: bool = False  # a page that only a press of a button shows


@dataclass
class Planted:
    pages: list[Visit] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)


class Texts:
    """Gives each field another text each time, and over all rows every field every text."""

    def __init__(self, texts: list[str], row: int) -> None:
        self._texts = texts
        self._numbers = count(row)

    def __call__(self) -> str:
        return self._texts[next(self._numbers) % len(self._texts)]


def plant(deployment: Deployment, texts: list[str]) -> Planted:
    planted = Planted()
    for row in range(len(texts)):
        for plant_row in (plant_job, plant_callbacks, plant_link, plant_smile_link):
            plant_row(deployment, planted, Texts(texts, row), row)
    plant_trail(deployment, planted, texts)
    planted.pages += [Visit(path) for path in ("/jobs", "/links", "/callbacks", "/tokens/new")]
    planted.pages += [
        Visit(path, "ada") for path in ("/team", "/settings", "/settings/callbacks", "/settings/smile-api", "/account")
    ]
    planted.pages += [Visit(path, "cleo") for path in ("/jobs", "/links", "/callbacks")]
    return planted


def plant_job(deployment: Deployment, planted: Planted, text: Texts, row: int) -> None:
    database, now = deployment.database, utc_now()
    names = {name: text() for name in ("first_name", "last_name", "dob", "phone_number", "postal_address", "gender")}
    asks = {"person": names, "id_number": text(), "customer_reference": text(), "user_id": text()}
    params = {"sandbox_result": text(), text(): text()}
    job = make_job(database, deployment.settings(), asks=asks | {"partner_params": params, "job_id": f"{row} {text()}"})
    payload = payload_of(text, job.job_id)
    with database.transaction() as session:
        job = session.merge(job)
        settle_job(session, job, read_result(payload, 1), ResultSource.JOB_STATUS, now)
        keep_result(
            session, job, read_result(payload_of(text, job.job_id), 1), ResultSource.CALLBACK, now, is_confirmed=False
        )
        job.smile_job_id, job.last_error, job.disagreement = text(), text(), text()
        job.country, job.id_type, job.created_by, job.due_at = text(), text(), text(), None
        event = add_event_of_before(session, job, "note", text(), now, {"facts": text()})
        shown = [job.customer_reference, job.user_id, job.job_id, job.smile_job_id, job.last_error, job.disagreement]
        shown += [event.text, payload["ResultText"], *payload["Actions"].values()]
    page = f"/jobs/{job.id}"
    planted.pages += [Visit(page, "ben", tuple(map(str, shown)))]
    planted.pages += [Visit(f"{page}/reveals", "ben", (asks["id_number"], names["last_name"]), posts=True)]
    if row < ROWS_SEEN_BY_OTHERS:
        planted.pages += [Visit(page, "cleo", (job.customer_reference,)), Visit(f"{page}.json")]


def payload_of(text: Texts, job_id: str) -> dict[str, Any]:
    """An answer of Smile of which every word is somebody else's."""
    return make_payload(
        job_id=job_id,
        ResultText=text(),
        ResultCode=text(),
        ResultType=text(),
        SmileJobID=text(),
        Source=text(),
        Actions={text(): text(), "Liveness_Check": text()},
        Country=text(),
        IDType=text(),
        IDNumber=text(),
        FullName=text(),
        DOB=text(),
        Gender=text(),
        PhoneNumber=text(),
        Address=text(),
        ExpirationDate=text(),
        ImageLinks={name: text() for name in IMAGE_LINKS},
        FullData={text(): {"list": [text(), {"inner": text()}]}},
        PartnerParams={"job_id": job_id, "user_id": text(), "job_type": 1, text(): text()},
    )


def plant_callbacks(deployment: Deployment, planted: Planted, text: Texts, row: int) -> None:
    """Two of one job through the door, so that they can be compared, and one of no job.

    Of those few are signed wrongly, since whoever sends many such is slowed down.
    """
    job_id = f"job of {row} {text()}"
    first, second = send(deployment, text, job_id), send(deployment, text, job_id)
    send(deployment, text, text(), key="a-key-of-somebody-else" if row < ROWS_SEEN_BY_OTHERS else API_KEY)
    staff = deployment.staff()
    ids = [item["id"] for item in staff.get("/callbacks.json").json()["items"][:3]]
    orphan, later, earlier = ids
    planted.pages += [
        Visit(f"/callbacks/{later}?verified=now", "ben", (second["ResultText"], *second["Actions"].values())),
        Visit(f"/callbacks/{orphan}"),
        Visit(f"/callbacks/{earlier}/compare/{later}"),
    ]
    if row < ROWS_SEEN_BY_OTHERS:
        planted.pages += [Visit(f"/callbacks/{earlier}", "cleo", (first["ResultText"],))]
        planted.pages += [Visit(f"/callbacks/{later}", "ada"), Visit(f"/callbacks/{later}.json")]


def send(deployment: Deployment, text: Texts, job_id: str, key: str = API_KEY) -> dict[str, Any]:
    payload = payload_of(text, job_id)
    payload["signature"] = sign(payload["timestamp"], key)
    headers = {name: value for name in HEADERS if is_header(value := text())}
    answer = requests.post(f"{deployment.web_url}/hooks/smile", json=payload, headers=headers, timeout=20)
    assert answer.status_code in (200, 401), answer.text
    return payload


def is_header(text: str) -> bool:
    return text.isascii() and text.isprintable()


def plant_link(deployment: Deployment, planted: Planted, text: Texts, row: int) -> None:
    database, settings = deployment.database, deployment.settings()
    prefill = {name: text() for name in ("first_name", "last_name", "id_number", "phone_number")}
    wanted = {"product": Product.BIOMETRIC_KYC, "country": "NG", "id_type": "BVN", "prefill": prefill, "uses": 1}
    wanted |= {"customer_reference": text(), "user_id": text(), "partner_params": {text(): text()}}
    link, code = make_link(database, settings, **wanted)
    started, _code = make_link(database, settings, customer_reference=text())
    make_start(database, settings, _code, customer_reference=text(), result_text=text())
    with database.transaction() as session:
        saved = session.get_one(Link, link.id)
        saved.last_error, saved.last_error_at = text(), utc_now()
        # One press of Start is real, what the customer agreed to is not.
        start = session.exec(select(LinkStart).where(LinkStart.link_id == started.id)).one()
        start.consent_text = text()
        session.add(
            WebToken(
                environment=settings.environment, product=text(), user_id=text(), job_id=text(), callback_url=text(),
                issued_by=text(), issued_at=utc_now(),
            )
        )  # fmt: skip
        shown = (saved.customer_reference, saved.user_id, saved.last_error)
        planted.pages += [Visit(f"/links/{started.id}", "ben", (start.consent_text,))]
    planted.codes.append(code)
    page = f"/links/{link.id}"
    planted.pages += [Visit(page, "ben", shown), Visit(f"{page}/preview"), Visit(f"/v/{code}", None)]
    planted.pages += [Visit(f"{page}/reveals", "ben", tuple(prefill.values()), posts=True)]
    if row < ROWS_SEEN_BY_OTHERS:
        planted.pages += [Visit(page, "cleo"), Visit(f"{page}.json")]


def plant_smile_link(deployment: Deployment, planted: Planted, text: Texts, _: int) -> None:
    row = MADE | {"smile_ref_id": text(), "smile_address": text(), "last_error": text(), "smile_counted_at": utc_now()}
    link = make_smile_link(deployment.database, deployment.settings(), row=row, customer_reference=text())
    shown = (row["smile_address"], row["smile_ref_id"], row["last_error"], link.customer_reference)
    planted.pages.append(Visit(f"/links/{link.id}", "ben", tuple(map(str, shown))))


def plant_trail(deployment: Deployment, planted: Planted, texts: list[str]) -> None:
    with deployment.database.transaction() as session:
        for text in texts:
            record(session, text[:100], text, utc_now(), who=text, details={"browser": text})
    # First of all: what is looked at leaves lines of its own.
    planted.pages.insert(0, Visit("/audit", "ada", tuple(texts[-20:])))


def plant_company(deployment: Deployment, name: str) -> None:
    """What customers read of the company. Its colour and addresses are checked when they are entered."""
    with deployment.database.transaction() as session:
        write_branding(session, Branding(company_name=name, purposes={"en": name, "ar": name}), utc_now())


#: Addresses that carry a text themselves, as a link on a foreign page could. {text} is escaped as a browser does.
REFLECTING = (
    *("/jobs?q={text}", "/jobs?country={text}&needs={text}", "/links?q={text}&stage={text}"),
    *("/callbacks?q={text}&verdict={text}", "/callbacks?job={text}&day={text}&id_type={text}"),
    *("/callbacks/processing-runs/new?q={text}", "/jobs/new?product={text}&country={text}&id_type={text}"),
    *("/jobs/new?product=biometric_kyc&country={text}", "/links/new?product={text}&again={text}", "/nowhere/{text}"),
    *("/links/preview?product=enhanced_kyc&country={text}&lang={text}", "/jobs/availability?country=NG&id_type={text}"),
)
REFLECTING_OUTSIDE = ("/sign-in?next={text}", "/v/{text}", "/v/{text}?lang={text}", "/v/theme/{text}.css")
#: Forms that come back with what was typed.
ECHOING: dict[str, tuple[str, tuple[str, ...]]] = {
    "/jobs": ("ben", ("customer_reference", "user_id", "job_id", "id_number", "first_name", "last_name", "dob")),
    "/jobs/new": ("ben", ("customer_reference", "user_id", "id_number", "first_name", "postal_address")),
    "/links": ("ben", ("customer_reference", "user_id", "first_name", "uses", "language", "return_url", "choice")),
    "/links/new": ("ben", ("customer_reference", "user_id", "first_name", "again", "remove", "choice", "method")),
    "/find": ("ben", ("q",)),
    "/tokens": ("ben", ("product", "user_id", "job_id", "callback_url")),
    "/tokens/v3": ("ben", ("user_id", "id_type", "id_number", "given_names", "last_name", "email", "callback_url")),
    "/settings": ("ada", ("company_name", "logo_url", "theme_color", "policy_url", "return_urls", "purpose_en")),
    "/settings/smile-api": ("ada", ("policy_url", "api_enhanced_kyc")),
    "/settings/callbacks/networks": ("ada", ("networks",)),
    "/sign-in": ("", ("email", "password", "next")),
}
CHOSEN = {"product": "biometric_kyc", "country": "NG", "id_type": "BVN"}


def echo(staff_of: Callable[[str], Staff], path: str, text: str) -> requests.Response:
    """The answer to a form of which every field says `text`."""
    member, names = ECHOING[path]
    return staff_of(member).post(path, CHOSEN | dict.fromkeys(names, text))
