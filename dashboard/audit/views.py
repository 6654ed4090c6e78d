"""HTTP in, HTTP out for the audit trail. Nothing here changes a line; a check and an export add one."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlmodel import Session

from dashboard.audit import queries
from dashboard.audit.chain import ChainReport, problem_with_head
from dashboard.audit.checking import ask_for_check, last_check, running_check
from dashboard.audit.export import HEADER, as_json, as_row, json_pieces
from dashboard.audit.filters import LOOKS, AuditFilter
from dashboard.audit.models import FIRST_PREVIOUS_HASH, ChainCheck
from dashboard.audit.trail import record
from dashboard.context import current, reader, reading, transaction
from dashboard.db import utc_now
from dashboard.smile.typed import looks_like_number
from dashboard.web.access import permission_required
from dashboard.web.downloads import text_download
from dashboard.web.filters import words
from dashboard.web.form_keys import form_transaction
from dashboard.web.pages import json_list, json_time, see_other
from dashboard.web.pagination import COUNT_CAP, same_address
from dashboard.web.searches import is_typed_into_address
from dashboard.web.spreadsheets import csv_answer
from dashboard.worker.queue import wake

blueprint = Blueprint("audit", __name__)
#: Beyond this no line is numbered, and the database's integers end.
LAST_NUMBER = 2**31 - 1
NO_NUMBERS = (
    "The trail is searched by a customer's reference or an id, not by an ID number. Find the job by the number, then"
    " search here by its reference."
)


@blueprint.before_request
def seal_search() -> ResponseReturnValue | None:
    if not is_typed_into_address(AuditFilter, "audit.read"):
        return None
    asked, message = _without_number(AuditFilter.from_args(request.args))
    if message:
        flash(message)
    return redirect(same_address(q=asked.asked.get("q")), 303)


@blueprint.get("/audit")
@permission_required("audit.read")
def index() -> ResponseReturnValue:
    asked, known = AuditFilter.from_args(request.args), current().audit_words
    with reading() as session:
        wanted = queries.Wanted.of(session, current().settings.environment, asked, known)
        entries, next_before = queries.list_entries(session, wanted, _asked_number("before"))
        count = queries.count_entries(session, wanted)
        sentences = known.tell(session, current().settings.environment, entries)
        context = {
            "people": queries.list_people(session),
            "groups": _groups(queries.list_actions(session)),
            "chain": _chain(session),
            "compared": _compared_head(session),
        }
    return render_template(
        "audit/index.html",
        lines=list(zip(entries, sentences, strict=True)),
        count_in_words=f"{count:,} lines" if count <= COUNT_CAP else f"more than {COUNT_CAP:,} lines",
        next_address=same_address(before=next_before) if next_before else None,
        filter=asked,
        LOOKS=LOOKS,
        looks=known.looks,
        **context,
    )


@blueprint.get("/audit.json")
@permission_required("audit.read")
def index_json() -> ResponseReturnValue:
    asked, known = AuditFilter.from_args(request.args), current().audit_words
    with reading() as session:
        wanted = queries.Wanted.of(session, current().settings.environment, asked, known)
        entries, next_before = queries.list_entries(session, wanted, _asked_number("before"))
        count = queries.count_entries(session, wanted)
        sentences = known.tell(session, current().settings.environment, entries)
    items = [as_json(entry) | {"sentence": told.text} for entry, told in zip(entries, sentences, strict=True)]
    next_address = same_address(before=next_before, q=asked.asked.get("q")) if next_before else None
    return json_list(items, next_address, min(count, COUNT_CAP), count <= COUNT_CAP)


@blueprint.post("/audit/searches")
@permission_required("audit.read")
def search() -> ResponseReturnValue:
    """From the search box to the list: filters live in its address, what was typed sealed, and a number not at all."""
    asked, message = _without_number(AuditFilter.from_form(request.form))
    return see_other("audit.index", message, **asked.asked)


@blueprint.get("/audit.csv")
@permission_required("audit.export")
def index_csv() -> ResponseReturnValue:
    known, environment, read = current().audit_words, current().settings.environment, reader()
    batches = queries.all_entries(read, *_to_export("CSV"))

    def rows() -> Iterator[tuple[Any, ...]]:
        for batch in batches:
            with read() as session:
                sentences = known.tell(session, environment, batch)
            yield from map(as_row, batch, sentences)

    return csv_answer("audit.csv", HEADER, rows())


@blueprint.get("/audit/export.json")
@permission_required("audit.export")
def export_json() -> ResponseReturnValue:
    pieces = json_pieces(queries.all_entries(reader(), *_to_export("JSON")))
    return text_download("audit.json", "application/json", pieces)


@blueprint.get("/audit/chain")
@permission_required("audit.read")
def chain() -> ResponseReturnValue:
    """The part of the page that tells whether the chain holds; it asks for itself while a check is under way."""
    with reading() as session:
        return render_template("audit/_chain.html", chain=_chain(session), compared=None)


@blueprint.get("/audit/chain.json")
@permission_required("audit.read")
def chain_json() -> ResponseReturnValue:
    with reading() as session:
        facts = _chain(session)
    return jsonify(
        head=facts["head"],
        checked=_check_as_json(facts["last"]),
        running=_check_as_json(facts["running"]),
    )


@blueprint.post("/audit/checks")
@permission_required("audit.read")
def check() -> ResponseReturnValue:
    with form_transaction(url_for("audit.index", _anchor="chain")) as session:
        asked = ask_for_check(session, current_user.email, utc_now())
    wake("audit.check_chain", asked.id)
    return see_other("audit.index", "The chain is being checked.", _anchor="chain")


def _without_number(asked: AuditFilter) -> tuple[AuditFilter, str]:
    """And what to say about it. An id of ours that looks like a number stays."""
    if not looks_like_number(asked.q):
        return asked, ""
    with reading() as session:
        is_known = current().audit_words.subjects_for(session, current().settings.environment, asked.q)
    return (asked, "") if is_known else (replace(asked, q=""), NO_NUMBERS)


def _to_export(kind: str) -> tuple[queries.Wanted, int]:
    """What to take out, and the newest line of it. Taking it out is a line of its own, and not among them."""
    asked = AuditFilter.from_args(request.args)
    with reading() as session:  # Counting takes long, and meanwhile others may write.
        wanted = queries.Wanted.of(session, current().settings.environment, asked, current().audit_words)
        through = (queries.newest_head(session) or (0, ""))[0]
        count = queries.count_entries(session, wanted, cap=None)
    details = asked.described | {"as": kind, "lines": str(count)}
    with transaction() as session:
        record(session, "audit.exported", "audit trail", utc_now(), details=details)
    return wanted, through


def _chain(session: Session) -> dict[str, Any]:
    number, own_hash = queries.newest_head(session) or (0, FIRST_PREVIOUS_HASH)
    return {
        "head": {"line": number, "hash": own_hash},
        "last": last_check(session),
        "running": running_check(session),
    }


def _compared_head(session: Session) -> dict[str, Any] | None:
    """A head that somebody wrote down, beside the line of that number as it stands now."""
    typed, seen_hash = request.args.get("head_line", "").replace(",", "").strip(), request.args.get("head_hash", "")
    if not typed and not seen_hash:
        return None
    line, seen_hash = _asked_number("head_line"), seen_hash.strip().lower()
    if line is None or len(seen_hash) != 64:
        return {"line": typed, "hash": seen_hash, "problem": "Type the number of the line and its hash of 64 signs."}
    now_there = queries.hash_of_line(session, line)
    if now_there is None:
        newest = (queries.newest_head(session) or (0, ""))[0]
        report = ChainReport(newest, newest, "")
        gone = problem_with_head(session, line, seen_hash, report) or f"Line {line:,} was deleted after its time."
        return {"line": line, "hash": seen_hash, "problem": gone}
    problem = "" if now_there == seen_hash else f"Line {line:,} has another hash now: the trail was written anew."
    return {"line": line, "hash": seen_hash, "problem": problem}


def _check_as_json(check: ChainCheck | None) -> dict[str, Any] | None:
    if check is None:
        return None
    return {
        "asked_by": check.asked_by,
        "asked_at": json_time(check.asked_at),
        "finished_at": json_time(check.finished_at),
        "lines": check.lines,
        "unbroken": None if check.finished_at is None else check.broken_at is None,
        "broken_at": check.broken_at,
        "why": check.why,
        "head": {"line": check.sequence, "hash": check.hash},
    }


def _groups(actions: list[str]) -> list[tuple[str, str]]:
    """What the filter offers: the nouns that there are lines of."""
    nouns = sorted({action.partition(".")[0] for action in actions})
    return [(noun, words(noun).capitalize()) for noun in nouns]


def _asked_number(name: str) -> int | None:
    """A line's number; nonsense is none."""
    try:
        number = int(request.args.get(name, "").replace(",", ""))
    except ValueError:
        return None
    return number if 0 < number <= LAST_NUMBER else None
