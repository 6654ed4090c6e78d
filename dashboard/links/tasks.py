"""What the worker may run for links: thin calls into the verbs."""

from datetime import datetime, timedelta
from uuid import UUID

from dashboard.context import transaction
from dashboard.db import utc_now
from dashboard.jobs.search_index import fill_until_done
from dashboard.links.search_index import fill_links
from dashboard.links.starting import give_back_use, starts_without_token
from dashboard.worker.periodic import Periodic
from dashboard.worker.queue import Task

LOST = "The start broke off on our side before Smile was asked. The link works again."


def give_back_lost_use(job_id: UUID) -> None:
    with transaction() as session:
        give_back_use(session, job_id, LOST, utc_now())


def fill_searches(_: datetime) -> None:
    fill_until_done(fill_links)


TASKS = (Task("links.give_back_lost_use", give_back_lost_use, starts_without_token),)
PERIODIC = (Periodic("links.fill_searches", timedelta(minutes=10), fill_searches),)
