"""Registers the feature "settings", with the tables of settings and keys that all slices read."""

from dashboard import smile_keys, stored_settings
from dashboard.feature import Bar, Feature, NavigationEntry
from dashboard.health_checks import Group, HealthCheck
from dashboard.permissions import OWNERS, Permission
from dashboard.sealed import SealedColumn
from dashboard.settings import api_views, audit_words, callback_views, health_checks, logo_views, tasks, views
from dashboard.smile_keys import SmileKey, key_associated_data

FEATURE = Feature(
    name="settings",
    position=70,
    models=(stored_settings, smile_keys),
    sealed_columns=(SealedColumn(SmileKey, "key_sealed", key_associated_data, digest="digest"),),
    views=(views, callback_views, api_views, logo_views),
    navigation=(
        NavigationEntry("Settings", "settings.show", "settings.manage"),
        NavigationEntry("What customers see", "settings.show", "settings.manage", Bar.SETTINGS),
        NavigationEntry("Callbacks and keys", "callback_settings.show", "settings.manage", Bar.SETTINGS),
        NavigationEntry("Which API", "api_settings.show", "settings.manage", Bar.SETTINGS),
    ),
    permissions=(Permission("settings.manage", OWNERS, "Change settings and API keys"),),
    audit_words=(audit_words.WORDS, audit_words.KEY_WORDS, audit_words.DATABASE_WORDS),
    periodic=tasks.PERIODIC,
    health_checks=(HealthCheck(Group.NETWORK, "Wallet at Smile", health_checks.wallet),),
)
