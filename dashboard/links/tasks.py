"""The worker's tasks for links: thin calls into the verbs."""

from datetime import datetime, timedelta
from uuid import UUID

from dashboard.context import transaction
from dashboard.db import utc_now
from dashboard.jobs.problems import ProblemKind, problem
from dashboard.jobs.search_index import fill_until_done
from dashboard.links.customer.starting import give_back_use, starts_without_token
from dashboard.links.search_index import fill_links
from dashboard.worker.periodic import Periodic
from dashboard.worker.queue import Task


def give_back_lost_use(job_id: UUID) -> None:
    with transaction() as session:
        give_back_use(session, job_id, problem(ProblemKind.START_BROKE_OFF), utc_now())


def fill_searches(_: datetime) -> None:
    fill_until_done(fill_links)


TASKS = (Task("links.give_back_lost_use", give_back_lost_use, starts_without_token),)
PERIODIC = (Periodic("links.fill_searches", timedelta(minutes=10), fill_searches),)
