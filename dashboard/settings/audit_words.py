"""The wording of audit lines about settings, keys and backups."""

from dashboard.audit.wording import AuditWords

SENTENCES = {
    "settings.changed": "changed {subject}",
    "callback_networks.changed": "changed which networks callbacks are accepted from",
    "wallet_level.changed": "changed the warning level for the wallet at Smile",
    "prices.changed": "changed the prices of products",
    "smile_api.changed": "switched a product to another API of Smile",
    "policy_address.changed": "changed the address of the privacy policy",
    "callbacks.tried": "tested whether callbacks reach this dashboard",
}
KEY_SENTENCES = {
    "smile_key.added": "added {subject} of Smile's API",
    "smile_key.signs": "chose {subject} of Smile's API to sign with",
    "smile_key.retired": "retired {subject} of Smile's API",
}
DATABASE_SENTENCES = {
    "backup.made": "made a backup",
    "backup.restored": "restored a backup, which replaced what was here",
}

WORDS = AuditWords(noun="settings", called="the settings", sentences=SENTENCES, address="/settings")
KEY_WORDS = AuditWords(noun="key", called="an API key", sentences=KEY_SENTENCES)
DATABASE_WORDS = AuditWords(noun="database", called="the database", sentences=DATABASE_SENTENCES)
