"""What the worker runs: every slice's tasks by name, the rows that are due, and periodic work."""

from collections.abc import Mapping, Sequence

from dashboard.audit import checking
from dashboard.audit import tasks as audit_tasks
from dashboard.callbacks import runs
from dashboard.callbacks import tasks as callback_tasks
from dashboard.callbacks.handling import callbacks_due
from dashboard.jobs import following
from dashboard.jobs import tasks as job_tasks
from dashboard.links import starting
from dashboard.links import tasks as link_tasks
from dashboard.privacy import tasks as privacy_tasks
from dashboard.team import outbox
from dashboard.team import tasks as team_tasks
from dashboard.worker import tasks as worker_tasks
from dashboard.worker.periodic import Periodic
from dashboard.worker.queue import Task
from dashboard.worker.schedule import FindDue


def tasks() -> Mapping[str, Task]:
    return {
        "audit.check_chain": audit_tasks.check_chain,
        "jobs.advance": job_tasks.advance,
        "jobs.note_overdue_callback": job_tasks.note_overdue_callback,
        "callbacks.handle": callback_tasks.handle,
        "callbacks.handle_again": callback_tasks.handle_again,
        "callbacks.process_run": callback_tasks.process_run,
        "links.give_back_lost_use": link_tasks.give_back_lost_use,
        outbox.SENDING: team_tasks.send,
    }


def due_rows(environment: str) -> Mapping[str, FindDue]:
    return {
        "audit.check_chain": checking.checks_due,
        "callbacks.handle_again": lambda session, now, limit: callbacks_due(session, environment, now, limit),
        "callbacks.process_run": lambda session, now, limit: runs.runs_due(session, environment, now, limit),
        "jobs.advance": lambda session, now, limit: following.jobs_due(session, environment, now, limit),
        "jobs.note_overdue_callback": lambda session, now, limit: following.overdue_unnoted(
            session, environment, now, limit
        ),
        "links.give_back_lost_use": lambda session, now, limit: starting.starts_without_token(
            session, environment, now, limit
        ),
        outbox.SENDING: outbox.mails_due,
    }


def periodic() -> Sequence[Periodic]:
    return (
        *worker_tasks.PERIODIC,
        *audit_tasks.PERIODIC,
        *team_tasks.PERIODIC,
        *job_tasks.PERIODIC,
        *privacy_tasks.PERIODIC,
    )
