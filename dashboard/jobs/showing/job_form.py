"""What the page of a new job shows: the form in the state that was sent, and what else its template needs."""

from collections.abc import Mapping
from typing import Any

from flask import request

from dashboard.context import current, reading
from dashboard.jobs import queries
from dashboard.jobs.models import Job
from dashboard.jobs.products import ENROLLING, FACTS
from dashboard.jobs.smile_api.api_choice import chosen_apis, policy_address
from dashboard.jobs.submitting.forms import SANDBOX_RESULTS, JobForm
from dashboard.jobs.submitting.submission import GivenData
from dashboard.languages import LANGUAGE_NAMES


def job_form(values: Mapping[str, str]) -> JobForm:
    """The form in this state, for the API that its product uses now."""
    settings = current().settings
    with reading() as session:
        apis, policy = chosen_apis(session, settings), policy_address(session, settings)
    return JobForm(
        values,
        catalogue=current().catalogue.get(),
        apis=apis,
        is_sandbox=settings.environment == "sandbox",
        policy_address=policy,
    )


def sent_files() -> dict[str, str]:
    """The names of the sent files by field, to ask for them again: a page cannot give them back to the browser."""
    names = {field: [file.filename for file in files if file.filename] for field, files in request.files.lists()}
    return {field: ", ".join(found) for field, found in names.items() if found}


def form_context(form: JobForm, lost_files: Mapping[str, str] | None = None) -> dict[str, Any]:
    users: Any = ()
    if form.facts and form.facts.needs_enrolled_user:
        with reading() as session:
            users = queries.enrolled_users(session, current().settings.environment)
    return {
        "form": form,
        "lost_files": lost_files or {},
        "enrolled_users": users,
        "enrolling": [facts.name for facts in ENROLLING.values()],
        "SANDBOX_RESULTS": SANDBOX_RESULTS,
        "LANGUAGE_NAMES": LANGUAGE_NAMES,
    }


def values_of(job: Job, given: GivenData) -> dict[str, str]:
    """The form values of this job, for "run again", without the ids, which each run needs new."""
    return {
        **given.texts,
        "product": job.product.value,
        "country": job.country or "",
        "id_type": job.id_type or "",
        "id_number": given.id_number or "",
        # Smile refuses to enrol the same user twice.
        "user_id": job.user_id if FACTS[job.product].needs_enrolled_user else "",
        "customer_reference": job.customer_reference,
        "again": str(job.id),
    }
