"""What each kind of warning is called in lists, under the outcome, and on the timeline."""

from dashboard.smile.warnings import WarningKind

LABELS = {
    WarningKind.ON_WATCH_LIST: "on a watch list",
    WarningKind.DECEASED: "recorded as deceased",
    WarningKind.NOT_ALIVE: "not alive",
    WarningKind.DOCUMENT_TAMPERED: "document tampered with",
    WarningKind.DOCUMENT_COPIED: "document is a copy",
    WarningKind.FACE_SEEN_BEFORE: "face seen before",
    WarningKind.SUSPECTS: "suspects",
    WarningKind.NUMBER_SEEN_BEFORE: "number seen before",
    WarningKind.DOCUMENT_EXPIRED: "document expired",
    WarningKind.ID_NOT_ACTIVE: "ID not active",
    WarningKind.NAME_DIFFERS: "name differs",
    WarningKind.DETAILS_DIFFER: "details differ",
    WarningKind.SEARCH_FAILED: "not searched for duplicates",
}
