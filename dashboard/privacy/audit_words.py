"""How lines about privacy read in the audit trail. None of them names the customer."""

from dashboard.audit.wording import TrailWords

SENTENCES = {
    "person.searched": "searched for what is held about a customer",
    "person.exported": "took out all that is held about a customer",
}
ERASURE_SENTENCES = {"person.erased": "erased a customer everywhere"}
RETENTION_SENTENCES = {
    "retention.changed": "changed how long data is kept",
    "retention.erased": "erased data whose time was over",
}
LOOKS = frozenset({"person.searched", "person.exported"})

WORDS = TrailWords(noun="privacy", called="privacy", sentences=SENTENCES, looks=LOOKS, address="/privacy")
ERASURE_WORDS = TrailWords(noun="erasure", called="an erasure", sentences=ERASURE_SENTENCES, address="/privacy")
RETENTION_WORDS = TrailWords(
    noun="retention", called="how long data is kept", sentences=RETENTION_SENTENCES, address="/settings/privacy"
)
