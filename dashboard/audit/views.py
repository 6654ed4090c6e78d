"""Views of the audit trail. None of them changes a line; a check and an export add one."""

from collections.abc import Iterator, Sequence
from typing import Any

from flask import Blueprint, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlmodel import Session

from dashboard.audit import queries
from dashboard.audit.chain import ChainReport, problem_with_head
from dashboard.audit.checking import ask_for_check, last_check, running_check
from dashboard.audit.export import HEADER, as_json, as_row, json_pieces
from dashboard.audit.filters import AuditFilter, read_number
from dashboard.audit.models import FIRST_PREVIOUS_HASH, AuditEntry, ChainCheck
from dashboard.audit.trail import record
from dashboard.context import current, reader, reading, transaction
from dashboard.db import utc_now
from dashboard.web.access import permission_required
from dashboard.web.list_views import add_search, asked_page, json_page, list_context, scope_here
from dashboard.web.lists.reading import all_rows, count_all
from dashboard.web.pages.answers import json_time, see_other
from dashboard.web.pages.downloads import text_download
from dashboard.web.pages.spreadsheets import csv_answer
from dashboard.web.security.form_keys import form_transaction
from dashboard.worker.queue import wake

blueprint = Blueprint("audit", __name__)
add_search(blueprint, AuditFilter, "audit.read", "audit.index", "audit.index_csv", "audit.export_json")


@blueprint.get("/audit")
@permission_required("audit.read")
def index() -> ResponseReturnValue:
    known = current().audit_words
    with reading() as session:
        scope = scope_here(session)
        context = list_context(scope, AuditFilter.from_args(request.args))
        sentences = known.tell(session, scope.environment, context["page"].rows)
        chain, compared = _chain(session), _compared_head(session)
    return render_template(
        "audit/index.html", **context, sentences=sentences, looks=known.looks, chain=chain, compared=compared
    )


@blueprint.get("/audit.json")
@permission_required("audit.read")
def index_json() -> ResponseReturnValue:
    with reading() as session:
        scope = scope_here(session)
        page = asked_page(scope, AuditFilter.from_args(request.args))
        sentences = current().audit_words.tell(session, scope.environment, page.rows)
    items = [as_json(entry) | {"sentence": each.text} for entry, each in zip(page.rows, sentences, strict=True)]
    return json_page(page, items)


@blueprint.get("/audit.csv")
@permission_required("audit.export")
def index_csv() -> ResponseReturnValue:
    known, environment, read = current().audit_words, current().settings.environment, reader()
    batches = _to_export("CSV")

    def rows() -> Iterator[tuple[Any, ...]]:
        for batch in batches:
            with read() as session:
                sentences = known.tell(session, environment, batch)
            yield from map(as_row, batch, sentences)

    return csv_answer("audit.csv", HEADER, rows())


@blueprint.get("/audit/export.json")
@permission_required("audit.export")
def export_json() -> ResponseReturnValue:
    return text_download("audit.json", "application/json", json_pieces(_to_export("JSON")))


@blueprint.get("/audit/chain")
@permission_required("audit.read")
def chain() -> ResponseReturnValue:
    """The part of the page about the chain, which polls while a check is running."""
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


def _to_export(kind: str) -> Iterator[Sequence[AuditEntry]]:
    """The lines up to the newest at this moment. The export adds its own line, which is not among them."""
    filters = AuditFilter.from_args(request.args)
    with reading() as session:  # Counting takes long, and meanwhile others may write.
        scope = scope_here(session)
        through = (queries.newest_head(session) or (0, ""))[0]
        count = count_all(scope, filters, through)
    details = filters.described | {"as": kind, "lines": str(count)}
    with transaction() as session:
        record(session, "audit.exported", "audit trail", utc_now(), details=details)
    return all_rows(reader(), scope, filters, through)


def _chain(session: Session) -> dict[str, Any]:
    number, own_hash = queries.newest_head(session) or (0, FIRST_PREVIOUS_HASH)
    return {
        "head": {"line": number, "hash": own_hash},
        "last": last_check(session),
        "running": running_check(session),
    }


def _compared_head(session: Session) -> dict[str, Any] | None:
    """Compares the number and hash that somebody wrote down with that line as it is now."""
    typed, seen_hash = request.args.get("head_line", "").replace(",", "").strip(), request.args.get("head_hash", "")
    if not typed and not seen_hash:
        return None
    line, seen_hash = _asked_number("head_line"), seen_hash.strip().lower()
    if line is None or len(seen_hash) != 64:
        return {
            "line": typed,
            "hash": seen_hash,
            "problem": "Enter the number of the line and its hash of 64 characters.",
        }
    now_there = queries.hash_of_line(session, line)
    if now_there is None:
        newest = (queries.newest_head(session) or (0, ""))[0]
        report = ChainReport(newest, newest, "")
        gone = (
            problem_with_head(session, line, seen_hash, report)
            or f"Line {line:,} was deleted after its retention time."
        )
        return {"line": line, "hash": seen_hash, "problem": gone}
    problem = "" if now_there == seen_hash else f"Line {line:,} has another hash now: the trail was rewritten."
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


def _asked_number(name: str) -> int | None:
    """The line's number in the address; None if it is not one."""
    try:
        return read_number(request.args.get(name, ""))
    except ValueError:
        return None
