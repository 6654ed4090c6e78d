"""Views of what members ask of Smile about a finished job of v3: its webhook again, and reports of fraud."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from dashboard.context import current, reading, transaction
from dashboard.db import utc_now
from dashboard.errors import Conflict, Invalid
from dashboard.jobs import queries
from dashboard.jobs.smile_actions import fraud
from dashboard.jobs.smile_actions.models import FraudReport
from dashboard.jobs.smile_actions.replaying import SENT_AGAIN, ask_for_replay, request_replay
from dashboard.jobs.smile_api.clients import smile_clients
from dashboard.web.access import permission_required, recent_confirmation_required
from dashboard.web.pages.answers import see_other
from dashboard.web.pages.form_state import FormState
from dashboard.web.security.form_keys import form_transaction, return_on_conflict

blueprint = Blueprint("actions", __name__)


@blueprint.post("/jobs/<uuid:job_id>/replays")
@permission_required("jobs.check")
def replay(job_id: UUID) -> ResponseReturnValue:
    """Asks Smile, after the press was saved. A refusal leads back to the job's page, which says why."""
    page = url_for("jobs.show", job_id=job_id)
    with form_transaction(page) as session:
        job = queries.find_job(session, current().settings.environment, job_id, to_change=True)
        request_replay(session, job, current_user.email, utc_now())
    with return_on_conflict(page):
        ask_for_replay(smile_clients().v3_pages, current().settings, job)
    return see_other("jobs.show", SENT_AGAIN, job_id=job_id)


@blueprint.get("/jobs/<uuid:job_id>/fraud-report")
@permission_required("jobs.report_fraud")
@recent_confirmation_required("jobs.actions.show_fraud")
def show_fraud(job_id: UUID) -> ResponseReturnValue:
    return _fraud_page(job_id, FormState({}))


@blueprint.post("/jobs/<uuid:job_id>/fraud-report")
@permission_required("jobs.report_fraud")
@recent_confirmation_required("jobs.actions.show_fraud")
def report_fraud(job_id: UUID) -> ResponseReturnValue:
    typed: Mapping[str, str] = request.form.to_dict()
    try:
        form = fraud.check_form(typed)
        with form_transaction(url_for("jobs.show", job_id=job_id)) as session:
            job = queries.find_job(session, current().settings.environment, job_id, to_change=True)
            report_id = fraud.save_report(session, job, form, current_user.email, utc_now()).id
        fraud.send_report(smile_clients().v3_pages, job.user_id, form, current_user.email)
    except Invalid as error:
        return _fraud_page(job_id, FormState(typed, error.fields)), 422
    except Conflict as error:
        return _fraud_page(job_id, FormState(typed), error.message), error.status
    with transaction() as session:
        job = queries.find_job(session, current().settings.environment, job_id, to_change=True)
        fraud.note_accepted(session, job, session.get_one(FraudReport, report_id), utc_now())
    message = "Reported. Smile blocks this user from now on." if form.is_fraud else "The report was taken back."
    return see_other("jobs.show", message, job_id=job_id)


def _fraud_page(job_id: UUID, form: FormState, problem: str = "") -> str:
    with reading() as session:
        job = queries.find_job(session, current().settings.environment, job_id)
        context: dict[str, Any] = {
            "job": job,
            "reports": fraud.reports_about(session, job),
            "in_force": fraud.report_in_force(session, job),
        }
    return render_template(
        "jobs/fraud_report.html",
        **context,
        form=form,
        problem=problem,
        may_report=fraud.may_report(job),
        not_of_v3=fraud.NOT_OF_V3,
        REASONS=fraud.REASONS,
    )
