"""What the worker runs: every slice's tasks by name, the rows that are due, and what is done now and then."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from dashboard.audit import checking
from dashboard.audit import tasks as audit_tasks
from dashboard.callbacks import runs
from dashboard.callbacks import tasks as callback_tasks
from dashboard.callbacks.handling import callbacks_due
from dashboard.jobs import following, sent_signatures
from dashboard.jobs import tasks as job_tasks
from dashboard.jobs.smile_answers import HourlyQuestion
from dashboard.links import starting
from dashboard.links import tasks as link_tasks
from dashboard.privacy import tasks as privacy_tasks
from dashboard.team import one_time, outbox, throttle
from dashboard.team import tasks as team_tasks
from dashboard.worker.heartbeat import beat
from dashboard.worker.queue import Task
from dashboard.worker.schedule import Beat, FindDue, Tidy


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
        "privacy.enforce_retention": privacy_tasks.enforce_retention,
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
        "privacy.enforce_retention": lambda session, now, _: privacy_tasks.runs_due(session, now),
    }


def tidying() -> Sequence[Tidy]:
    return (
        sent_signatures.forget_old,
        checking.begin_daily_check,
        throttle.forget_old_tries,
        one_time.forget_old_links,
        outbox.forget_old_mails,
    )


def beats(started_at: datetime) -> Sequence[Beat]:
    return (beat, HourlyQuestion(started_at))
