"""The wording of audit lines about saved views. It has no names, which may be those of customers."""

from dashboard.audit.wording import AuditWords

WORDS = AuditWords(
    noun="view",
    called="a saved view",
    sentences={
        "view.saved": "saved {subject}",
        "view.shared": "shared {subject} with the team",
        "view.unshared": "stopped sharing {subject}",
        "view.removed": "removed {subject}",
    },
)
