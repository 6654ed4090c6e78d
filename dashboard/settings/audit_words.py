"""How lines about settings and keys read in the audit trail."""

from dashboard.audit.wording import AuditWords

SENTENCES = {
    "settings.changed": "changed {subject}",
    "callback_networks.changed": "changed from which networks callbacks are taken",
    "wallet_level.changed": "changed at which balance of the wallet at Smile to warn",
    "callbacks.tried": "tried whether callbacks reach this dashboard",
}
KEY_SENTENCES = {
    "smile_key.added": "added {subject} of Smile's API",
    "smile_key.signs": "chose {subject} of Smile's API to sign with",
    "smile_key.retired": "retired {subject} of Smile's API",
}
DATABASE_SENTENCES = {
    "backup.made": "made a backup",
    "backup.restored": "restored a backup in the place of what was here",
}

WORDS = AuditWords(noun="settings", called="the settings", sentences=SENTENCES, address="/settings")
KEY_WORDS = AuditWords(noun="key", called="an API key", sentences=KEY_SENTENCES)
DATABASE_WORDS = AuditWords(noun="database", called="the database", sentences=DATABASE_SENTENCES)
