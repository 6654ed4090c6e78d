"""Presses forms as impatient people do: once, twice in a row, and many times at once. Forms are read from the pages."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from threading import Barrier
from unittest.mock import Mock
from urllib.parse import urljoin, urlsplit
from uuid import UUID, uuid4

from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import SQLModel, delete, func, select
from werkzeug.exceptions import HTTPException

from dashboard.audit.models import ChainCheck
from dashboard.context import context_of
from dashboard.db import Database, utc_now
from dashboard.features import metadata
from dashboard.jobs.models import Job, JobEvent, JobState, Outcome, SendingStep
from dashboard.jobs.timeline import EventKind
from dashboard.links.models import Link
from dashboard.sandbox.world.type_ids import new_type_id
from dashboard.saved_views.models import SavedView
from dashboard.smile.constants import SmileApi
from dashboard.stored_settings import Setting
from dashboard.team.factors.models import Passkey, RecoveryCode
from dashboard.team.models import Member
from dashboard.team.one_time import Invitation
from dashboard.web.security.form_keys import FIELD
from tests.conftest import change_settings, let_in
from tests.factories.team import PASSWORD, PASSWORD_HASH, make_member
from tests.security.walk import Route, World, routes

NO_PAGES = (".json", ".csv", ".gif", ".css")
#: What a person types; every other field is sent as the page has it.
TYPED = {
    "email": "somebody.new@example.com",
    "name": "Ada Lovelace",
    "reason": "A customer asked",
    "why": "A customer asked",
    "days": "7",
    "current": PASSWORD,
    "password": "seven brown otters swimming",
    "company_name": "Kora Bank",
    "wallet_level": "100",
    "networks": "",
    "time_zone": "Africa/Lagos",
    "product": "enhanced_kyc",
    "role": "viewer",
    "country": "NG",
    "id_type": "BVN",
    "id_number": "00000000000",
}
#: What is no row of a form's own work: how often was tried, and what the trail notes of each look and each press.
NOT_COUNTED = frozenset({"tries", "pressed_form", "audit_entry"})
#: Endpoints whose forms carry no key, by the reason why a second press does no harm.
WITHOUT_KEY: dict[str, frozenset[str]] = {
    "It writes nothing, or only that somebody looked, which each look is worth.": frozenset(
        {
            *("jobs.search", "jobs.search_json", "links.search", "links.search_json", "callbacks.search"),
            *(
                "callbacks.search_json",
                "audit.search",
                "audit.search_json",
                "privacy.search",
                "privacy.search_json",
                "privacy.count",
                "privacy.export",
            ),
            *(
                "jobs.update_form",
                "find.search",
                "find.search_json",
                "links.update_form",
                "retention.preview",
                "policy_reports.receive",
                "callback_settings.check",
            ),
            *("jobs.reveal", "links.reveal", "callbacks.reveal", "callbacks.comparing.reveal"),
        }
    ),
    "It is a way in: each try is counted, and what lets in works once or ends the press before.": frozenset(
        {
            *("team.submit_sign_in", "door.submit_second_step", "door.submit_passkey", "team.sign_out"),
            *("confirmation.submit", "confirmation.submit_passkey", "team.ask_for_password"),
            *("team.use_reset", "team.accept_invitation", "passkeys.add", "second_factors.begin_app"),
            "second_factors.add_app",
        }
    ),
    "A guarded UPDATE or the row itself lets one press through, and Smile is asked before or after.": frozenset(
        {"customer.start", "customer.submit", "exact_times.create", "smile_links.create", "smile_links.count"}
    ),
    "Its answer is shown once and kept nowhere, so every press has to be answered with one; none is charged.": (
        frozenset({"tokens.create", "v3_tokens.create"})
    ),
}


@dataclass
class Form:
    """A form as a browser would send it: where to, and what stands in its fields."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    typed: set[str] = field(default_factory=set)  # the names of those that people type into


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open: Form | None = None
        self._select = self._textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "form":
            self._open = Form(given.get("action", "")) if given.get("method", "").lower() == "post" else None
        elif self._open is None:
            return
        elif tag == "input" and name and given.get("type") not in ("file", "submit", "button"):
            if given.get("type") not in ("checkbox", "radio") or "checked" in given:
                self._open.fields[name] = value
            if given.get("type", "text") in ("text", "email", "search", "tel", "password", "url"):
                self._open.typed.add(name)
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in given or self._select not in self._open.fields):
            self._open.fields[self._select] = value
        elif tag == "textarea" and name:
            self._textarea = name
            self._open.fields[name] = ""
            self._open.typed.add(name)

    def handle_data(self, data: str) -> None:
        if self._open and self._textarea:
            self._open.fields[self._textarea] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._open:
            self.forms.append(self._open)
            self._open = None
        self._select = "" if tag == "select" else self._select
        self._textarea = "" if tag == "textarea" else self._textarea


def forms_of(page: str, address: str) -> Iterator[Form]:
    parser = _Forms()
    parser.feed(page)
    for form in parser.forms:
        yield replace(form, action=urljoin(address, form.action or address))


class Forms:
    """Every form that a page of an owner shows, by the endpoint that it is sent to."""

    def __init__(self, app: Flask, database: Database, world: World) -> None:
        self.app, self.database, self.world = app, database, world
        self.pages: dict[str, Route] = {}
        self.sign_in()  # A second browser, which the account page offers to sign out.
        ada = self.sign_in()
        for route in routes(app):
            if route.method == "GET" and not route.rule.rule.endswith(NO_PAGES) and world.knows(route):
                for form in self._on_page(ada, self._address(route)):
                    self.pages.setdefault(self.endpoint_of(form), route)

    @property
    def endpoints(self) -> list[str]:
        return sorted((self.pages.keys() | SPECIAL.keys()) & post_endpoints(self.app))

    def endpoint_of(self, form: Form) -> str:
        try:
            endpoint, _ = self.app.url_map.bind("localhost").match(urlsplit(form.action).path, method="POST")
        except HTTPException:
            return f"nowhere: {form.action}"
        return str(endpoint)

    def sign_in(self) -> FlaskClient:
        """Ada, as she was at first, in a new browser."""
        client, member = self.app.test_client(), make_member(self.database, "ada")
        with self.database.transaction() as session:
            member = session.get_one(Member, member.id)
            member.password_hash = PASSWORD_HASH
        let_in(client, member)
        return client

    def form(self, client: FlaskClient, endpoint: str) -> Form:
        """With everything typed in, on a page of rows that are made for it."""
        self._forget_earlier_presses()
        self.world.renew()
        special = SPECIAL.get(endpoint)
        if special:
            found = list(forms_of(*special(self, client)))
        else:
            found = self._on_page(client, self._address(self.pages[endpoint]))
        form = next((each for each in found if self.endpoint_of(each) == endpoint), None)
        assert form, f"no form of {endpoint} is shown"
        new = {"api_key": f"another-api-key-{uuid4()}"}
        typed = {name: text for name, text in (TYPED | new).items() if name in form.fields}
        return replace(form, fields=form.fields | typed)

    def change(self, table: type[SQLModel], name: str, **values: object) -> None:
        """Of the row that `name` stands for in addresses."""
        with self.database.transaction() as session:
            row = session.get_one(table, UUID(self.world.own[name]))
            for column, value in values.items():
                setattr(row, column, value)

    def _forget_earlier_presses(self) -> None:
        """What would make the same press something else the next time."""
        with self.database.transaction() as session:
            for table in (RecoveryCode, Invitation, Setting, ChainCheck):
                session.exec(delete(table))

    def _address(self, route: Route) -> str:
        return route.address(self.world.own)

    def _on_page(self, client: FlaskClient, address: str) -> list[Form]:
        answer = client.get(address)
        return list(forms_of(answer.text, address)) if answer.mimetype == "text/html" else []

    def press(self, endpoint: str, times: int, *, at_once: bool) -> "Pressed":
        """At once: as in that many windows of one browser."""
        ada = self.sign_in()
        form = self.form(ada, endpoint)
        before, cookies = count_rows(self.database), list((ada._cookies or {}).values())
        barrier = Barrier(times if at_once else 1)

        def press(_: int) -> int:
            client = self.app.test_client()
            for cookie in cookies:
                client.set_cookie(cookie.key, cookie.value)
            barrier.wait(60)
            return client.post(form.action, data=form.fields).status_code

        with ThreadPoolExecutor(times if at_once else 1) as pool:
            statuses = Counter(pool.map(press, range(times)))
        after = count_rows(self.database)
        rows = {name: after[name] - before[name] for name in after if after[name] != before[name]}
        return Pressed(statuses, rows, FIELD in form.fields)


Page = tuple[str, str]  # and its address


def _get(forms: Forms, client: FlaskClient, address: str) -> Page:
    return client.get(address).text, address


def _failed_job(forms: Forms, client: FlaskClient) -> Page:
    forms.change(
        Job, "job_id", state=JobState.FAILED, last_error="Smile refused it.", settled_at=utc_now(), due_at=None
    )
    return _get(forms, client, f"/jobs/{forms.world.own['job_id']}")


def _waiting_job(forms: Forms, client: FlaskClient) -> Page:
    forms.change(Job, "job_id", state=JobState.WAITING, step=SendingStep.SENT, submitted_at=utc_now())
    return _get(forms, client, f"/jobs/{forms.world.own['job_id']}")


def _callback_of_waiting_job(forms: Forms, client: FlaskClient) -> Page:
    _waiting_job(forms, client)
    return _get(forms, client, f"/callbacks/{forms.world.own['callback_id']}")


def _paused_link(forms: Forms, client: FlaskClient) -> Page:
    forms.change(Link, "link_id", paused_at=utc_now())
    return _get(forms, client, f"/links/{forms.world.own['link_id']}")


def _smile_link(forms: Forms, client: FlaskClient) -> Page:
    return _get(forms, client, f"/links/{forms.world.of_other_kinds[0]['link_id']}")


def _disabled_member(forms: Forms, client: FlaskClient) -> Page:
    forms.change(Member, "member_id", disabled_at=utc_now())
    return _get(forms, client, f"/team/{forms.world.own['member_id']}")


def _zone_offer(forms: Forms, client: FlaskClient) -> Page:
    with forms.database.transaction() as session:
        session.exec(select(Member).where(Member.email == "ada@example.com")).one().preferences = None
    return _get(forms, client, "/account")


def _passkey(forms: Forms, client: FlaskClient) -> Page:
    with forms.database.transaction() as session:
        ada, now = session.exec(select(Member).where(Member.email == "ada@example.com")).one(), utc_now()
        passkey = Passkey(
            member_id=ada.id, name="Phone", credential_id=str(uuid4()), public_key=b"", sign_count=0, created_at=now
        )
        session.add(passkey)
    return _get(forms, client, "/account/second-factors")


def _person(forms: Forms, client: FlaskClient) -> Page:
    with forms.database.reading() as session:
        user_id = session.get_one(Job, UUID(forms.world.own["job_id"])).user_id
    page = client.post("/privacy/searches", data={"identifier": user_id}).text
    return page.replace('name="confirmation"', f'name="confirmation" value="{user_id}"'), "/privacy/searches"


def _done_job_of_v3(forms: Forms, client: FlaskClient) -> Page:
    """Smile agrees to everything, and was asked for nothing a moment ago."""
    factory, job_id = context_of(forms.app).smile_clients, UUID(str(forms.world.own["job_id"]))
    willing = replace(factory.clients(context_of(forms.app).smile_keys.value()), v3_pages=Mock(spec=["jobs"]))
    factory.clients = lambda _: willing  # type: ignore[method-assign]
    done = {"state": JobState.DONE, "outcome": Outcome.APPROVED}
    forms.change(Job, "job_id", api=SmileApi.V3, smile_job_id=new_type_id("job"), **done)
    with forms.database.transaction() as session:
        session.exec(delete(JobEvent).where(JobEvent.job_id == job_id, JobEvent.kind == EventKind.REPLAY))
    return _get(forms, client, f"/jobs/{job_id}")


def _fraud_report(forms: Forms, client: FlaskClient) -> Page:
    _done_job_of_v3(forms, client)
    page, address = _get(forms, client, f"/jobs/{forms.world.own['job_id']}/fraud-report")
    return page.replace('value="MULE_ACCOUNT" ', 'value="MULE_ACCOUNT" selected'), address


def _callback_of_job_of_v3(forms: Forms, client: FlaskClient) -> Page:
    _done_job_of_v3(forms, client)
    return _get(forms, client, f"/callbacks/{forms.world.own['callback_id']}")


def _new_job(forms: Forms, client: FlaskClient) -> Page:
    return _get(forms, client, "/jobs/new?product=enhanced_kyc&country=NG&id_type=BVN")


def _new_link(forms: Forms, client: FlaskClient) -> Page:
    return _get(forms, client, "/links/new?product=enhanced_kyc&country=NG&id_type=BVN")


def _new_address(forms: Forms, client: FlaskClient) -> Page:
    """Of a link, where e-mail is set up: the page shows it this one time."""
    settings = context_of(forms.app).settings.model_copy(update={"smtp_url": "smtps://mail.example.com"})
    change_settings(forms.app, settings)
    forms.app.jinja_env.globals["settings"] = settings
    return _get(forms, client, client.post(f"/links/{forms.world.own['link_id']}/codes").location)


def _new_view(forms: Forms, client: FlaskClient) -> Page:
    _only_view(forms, "ada@example.com")
    return _get(forms, client, "/views/new?list=jobs&state=failed")


def _own_view(forms: Forms, client: FlaskClient) -> Page:
    _only_view(forms, "ada@example.com")
    return _get(forms, client, "/views")


def _view_of_another(forms: Forms, client: FlaskClient) -> Page:
    _only_view(forms, make_member(forms.database, "ben").email)
    return _get(forms, client, "/views")


def _only_view(forms: Forms, email: str) -> None:
    with forms.database.transaction() as session:
        session.exec(delete(SavedView))
        member, now = session.exec(select(Member).where(Member.email == email)).one(), utc_now()
        view = SavedView(
            member_id=member.id, list_name="jobs", name="Shared", is_shared=True, created_at=now, changed_at=now
        )
        session.add(view)


#: Where a form is shown only for rows in a state of their own, or needs a choice that the address of its page makes.
SPECIAL: dict[str, Callable[[Forms, FlaskClient], Page]] = {
    "jobs.create": _new_job,
    "jobs.check": _waiting_job,
    "jobs.mark_dealt_with": _failed_job,
    "jobs.actions.replay": _done_job_of_v3,
    "jobs.actions.report_fraud": _fraud_report,
    "callbacks.processing.replay": _callback_of_job_of_v3,
    "callbacks.processing.check": _callback_of_waiting_job,
    "links.create": _new_link,
    "links.resume": _paused_link,
    "link_messages.send": _new_address,
    "smile_links.disable": _smile_link,
    "saved_views.create": _new_view,
    "saved_views.rename": _own_view,
    "saved_views.pin": _own_view,
    "saved_views.share": _own_view,
    "saved_views.remove": _own_view,
    "saved_views.remove_shared": _view_of_another,
    "team.answer_zone_offer": _zone_offer,
    "team.enable": _disabled_member,
    "passkeys.remove": _passkey,
    "privacy.erase": _person,
}


@dataclass
class Pressed:
    statuses: Counter[int]
    rows: dict[str, int]  # more than before, by table
    has_key: bool


def count_rows(database: Database) -> dict[str, int]:
    with database.reading() as session:
        return {
            table.name: session.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
            if table.name not in NOT_COUNTED
        }


def post_endpoints(app: Flask) -> set[str]:
    return {route.rule.endpoint for route in routes(app) if route.method == "POST"}


def press_all(forms: Forms, at_once: int, in_a_row: int = 0) -> tuple[int, list[str]]:
    """How many forms were pressed, and what is wrong with which: one press is compared with several."""
    without_key = frozenset[str]().union(*WITHOUT_KEY.values())
    wrong, pressed = [], 0
    for endpoint in sorted(post_endpoints(forms.app) - without_key):
        if endpoint not in forms.endpoints:
            wrong.append(f"{endpoint}: no page shows its form, and no reason says why a second press does no harm")
            continue
        pressed += 1
        once = forms.press(endpoint, 1, at_once=False)
        further = [forms.press(endpoint, at_once, at_once=True)]
        if in_a_row:
            further.append(forms.press(endpoint, in_a_row, at_once=False))
        wrong += [
            f"{endpoint}: {many}, and once {once}"
            for many in further
            if not once.has_key or set(many.statuses) != {303} or many.rows != once.rows
        ]
    return pressed, wrong
