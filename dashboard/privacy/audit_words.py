"""The words of audit trail lines about privacy. None of them names the customer."""

from dashboard.audit.wording import AuditWords

SENTENCES = {
    "person.searched": "searched for what is held about a customer",
    "person.exported": "exported all that is held about a customer",
}
ERASURE_SENTENCES = {"person.erased": "erased a customer everywhere"}
RETENTION_SENTENCES = {
    "retention.changed": "changed how long data is kept",
    "retention.erased": "erased data whose retention time was over",
    "name_search.on": "switched search by name on",
    "name_search.off": "switched search by name off",
}
LOOKS = frozenset({"person.searched", "person.exported"})

WORDS = AuditWords(noun="privacy", called="privacy", sentences=SENTENCES, looks=LOOKS, address="/privacy")
ERASURE_WORDS = AuditWords(noun="erasure", called="an erasure", sentences=ERASURE_SENTENCES, address="/privacy")
RETENTION_WORDS = AuditWords(
    noun="retention", called="how long data is kept", sentences=RETENTION_SENTENCES, address="/settings/privacy"
)
