"""Registers the feature "verification jobs"."""

from dashboard.feature import AttentionLine, Feature, NavigationEntry
from dashboard.health_checks import Group, HealthCheck
from dashboard.jobs import audit_words, counted, dealt_with, models, search_index, tasks, warnings
from dashboard.jobs.dealt_with import DealtWith, reason_associated_data
from dashboard.jobs.filters import JobFilter
from dashboard.jobs.models import Job, Result, job_associated_data, payload_associated_data
from dashboard.jobs.name_search import filling as name_filling
from dashboard.jobs.name_search import models as name_models
from dashboard.jobs.name_search.models import NameSearchKey, key_associated_data
from dashboard.jobs.needs import NEEDS
from dashboard.jobs.showing import event_words, views
from dashboard.jobs.smile_actions import models as action_models
from dashboard.jobs.smile_actions.models import FraudReport, notes_associated_data
from dashboard.jobs.submitting.phones import phone_of_sealed_person
from dashboard.jobs.warnings import JobWarning, personal_associated_data
from dashboard.permissions import EVERY_ROLE, WORKING, Permission
from dashboard.sealed import SealedColumn
from dashboard.smile.typed import number_key


def _line(name: str) -> AttentionLine:
    return AttentionLine(NEEDS[name].words, lambda _: JobFilter(needs=name))


FEATURE = Feature(
    name="jobs",
    position=10,
    models=(models, warnings, dealt_with, name_models, action_models),
    sealed_columns=(
        SealedColumn(
            Job,
            "id_number_sealed",
            lambda row_id: job_associated_data(row_id, "id_number"),
            digest="id_number_digest",
            digested=lambda opened: number_key(opened.decode()),
        ),
        SealedColumn(
            Job,
            "person_sealed",
            lambda row_id: job_associated_data(row_id, "person"),
            digest="phone_digest",
            digested=phone_of_sealed_person,
        ),
        SealedColumn(Job, "upload_url_sealed", lambda row_id: job_associated_data(row_id, "upload_url")),
        SealedColumn(Result, "payload_sealed", payload_associated_data),
        SealedColumn(JobWarning, "personal_sealed", personal_associated_data),
        SealedColumn(DealtWith, "reason_sealed", reason_associated_data),
        SealedColumn(FraudReport, "notes_sealed", notes_associated_data),
        SealedColumn(NameSearchKey, "key_sealed", key_associated_data),
    ),
    views=(views,),
    navigation=(NavigationEntry("Jobs", "jobs.index", "jobs.read", is_on_phones=True),),
    permissions=(
        Permission("jobs.read", EVERY_ROLE, "See verification jobs and their results, with personal data masked"),
        Permission("jobs.create", WORKING, "Start verification jobs, which may be charged"),
        Permission("jobs.cancel", WORKING, "Cancel a job that has not been sent yet"),
        Permission("jobs.check", WORKING, "Ask Smile about a job at once"),
        Permission("jobs.reveal", WORKING, "Reveal personal data and see images"),
        Permission("jobs.export", WORKING, "Download the list of jobs as a file, without personal data"),
        Permission("jobs.report_fraud", WORKING, "Report customers to Smile as fraudulent, and take that back"),
        Permission("review.decide", WORKING, "Decide what needs a person"),
    ),
    audit_words=(audit_words.WORDS, audit_words.LIST_WORDS),
    event_words=event_words.WORDS,
    tasks=tasks.TASKS,
    periodic=tasks.PERIODIC,
    health_checks=(
        HealthCheck(Group.DATA, "Search of jobs", search_index.check_job_search_index),
        HealthCheck(Group.DATA, "Search by name", name_filling.check_name_search),
    ),
    counted=(counted.COUNTED,),
    attention=tuple(map(_line, NEEDS)),
)
