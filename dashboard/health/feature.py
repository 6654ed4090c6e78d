"""Registers the health page, and the checks that belong to no other slice."""

from dashboard.feature import Bar, Feature, NavigationEntry
from dashboard.health import keys, machine, network, smile_apis, storage, views
from dashboard.health_checks import Group, HealthCheck

FEATURE = Feature(
    name="health",
    position=0,
    views=(views,),
    navigation=(NavigationEntry("Health", "health_settings.show", "settings.manage", Bar.SETTINGS, rank=2),),
    health_checks=(
        HealthCheck(Group.KEYS, "Secret key", keys.secret_key),
        HealthCheck(Group.KEYS, "Encryption keys", keys.encryption_keys),
        HealthCheck(Group.KEYS, "Age of the Smile key", keys.smile_key_age),
        HealthCheck(Group.KEYS, "Smile accepts the key", keys.smile_key_works, is_on_overview=True),
        HealthCheck(Group.KEYS, "Smile's v3 API", smile_apis.v3_answers),
        HealthCheck(Group.NETWORK, "Public address", network.public_address),
        HealthCheck(Group.NETWORK, "Encryption", network.encryption),
        HealthCheck(Group.NETWORK, "Smile's address", network.smile_address),
        HealthCheck(Group.NETWORK, "Which API", smile_apis.which_api),
        HealthCheck(Group.NETWORK, "Clock", network.clock),
        HealthCheck(Group.NETWORK, "Proxies", network.proxies),
        HealthCheck(Group.DATA, "Database", storage.engine),
        HealthCheck(Group.DATA, "Queue", storage.queue),
        HealthCheck(Group.DATA, "Backup", storage.backup),
        HealthCheck(Group.MACHINE, "Instance folder", machine.instance_folder),
        HealthCheck(Group.MACHINE, "Disk space", machine.room),
        HealthCheck(Group.MACHINE, "Versions", machine.dependencies),
        HealthCheck(Group.MACHINE, "Environment", machine.environment),
        HealthCheck(Group.MACHINE, "Debugging", machine.debugging),
        HealthCheck(Group.MACHINE, "Logs", machine.logs),
    ),
)
