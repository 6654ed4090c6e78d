"""Registers privacy."""

from dashboard.feature import Bar, Feature, NavigationEntry
from dashboard.health_checks import Group, HealthCheck
from dashboard.permissions import OWNERS, Permission
from dashboard.privacy import (
    audit_words,
    key_canaries,
    models,
    name_search_views,
    retention,
    retention_views,
    tasks,
    unreadable,
    views,
)

FEATURE = Feature(
    name="privacy",
    position=60,
    models=(models,),
    views=(views, retention_views, name_search_views),
    navigation=(
        NavigationEntry("Privacy", "privacy.index", "privacy.manage"),
        NavigationEntry("How long data is kept", "retention.show", "privacy.manage", Bar.SETTINGS, rank=1),
    ),
    permissions=(
        Permission(
            "privacy.manage",
            OWNERS,
            "Find, export and erase everything about one person, and decide how long data is kept",
        ),
    ),
    audit_words=(audit_words.WORDS, audit_words.ERASURE_WORDS, audit_words.RETENTION_WORDS),
    periodic=tasks.PERIODIC,
    health_checks=(
        HealthCheck(Group.KEYS, "Keys of the data", key_canaries.keys_of_data),
        HealthCheck(Group.DATA, "Sealed values and files", unreadable.unreadable_values),
        HealthCheck(Group.PEOPLE, "How long data is kept", retention.kinds_kept_forever),
    ),
)
