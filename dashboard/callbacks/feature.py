"""Registers callbacks. Their receiver is not a view: app.py mounts it next to the pages."""

from functools import partial

from dashboard.callbacks import audit_words, counted, health_checks, models, search_index, tasks
from dashboard.callbacks.inspecting import views
from dashboard.callbacks.models import Callback, ProcessingRun, body_associated_data
from dashboard.callbacks.reason_words import callback_again_words, callback_words
from dashboard.callbacks.receiving.sealing import number_in_body, sealed_search, search_associated_data, with_search
from dashboard.callbacks.refused import models as refused_models
from dashboard.callbacks.refused.reasons import refused_words
from dashboard.callbacks.today import of_today
from dashboard.feature import AttentionLine, Feature, NavigationEntry
from dashboard.health_checks import Group, HealthCheck
from dashboard.jobs.timeline import EventKind
from dashboard.permissions import EVERY_ROLE, OWNERS, WORKING, Permission
from dashboard.sealed import SealedColumn

FEATURE = Feature(
    name="callbacks",
    position=30,
    models=(models, refused_models),
    sealed_columns=(
        SealedColumn(Callback, "body_sealed", body_associated_data, digest="id_number_digest", digested=number_in_body),
        SealedColumn(ProcessingRun, "filters", search_associated_data, take_out=sealed_search, put_in=with_search),
    ),
    views=(views,),
    navigation=(NavigationEntry("Callbacks", "callbacks.index", "callbacks.read", is_on_phones=True),),
    permissions=(
        Permission("callbacks.read", EVERY_ROLE, "See received callbacks"),
        Permission("callbacks.replay", WORKING, "Verify and process callbacks again"),
        Permission("callbacks.download", OWNERS, "Download a callback exactly as received"),
    ),
    audit_words=(audit_words.WORDS, audit_words.RUN_WORDS, audit_words.REFUSED_WORDS),
    event_words={
        EventKind.CALLBACK: callback_words,
        EventKind.CALLBACK_AGAIN: callback_again_words,
        EventKind.REFUSED_DELIVERY: refused_words,
    },
    tasks=tasks.TASKS,
    periodic=tasks.PERIODIC,
    health_checks=(
        HealthCheck(Group.NETWORK, "Source networks", health_checks.source_networks),
        HealthCheck(Group.NETWORK, "Last callback", health_checks.last_callback, is_on_overview=True),
        HealthCheck(Group.NETWORK, "Overdue callbacks", health_checks.overdue_callbacks),
        HealthCheck(Group.DATA, "Search of callbacks", search_index.check_callback_search_index),
    ),
    counted=(counted.COUNTED,),
    attention=(
        AttentionLine(("alarm among today's callbacks", "alarms among today's callbacks"), partial(of_today, "alarm")),
        AttentionLine(("wrong signature today", "wrong signatures today"), partial(of_today, "wrong")),
    ),
)
