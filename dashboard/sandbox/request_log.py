"""The log of requests: method, path, status, and a summary without secrets or personal data."""

import threading
from collections import deque
from collections.abc import Mapping
from typing import Any

from dashboard.sandbox.fields import Json

KEPT = 1000
#: The only fields whose values are logged; of the others only the name is.
_SHOWN = {
    "partner_id", "smile_client_id", "user_id", "job_id", "job_type", "country", "id_type", "product", "retry",
    "use_enrolled_image", "allow_new_enroll", "image_links", "history", "sandbox_result", "sandbox_warnings",
    "source_sdk", "environment", "business_type", "is_single_use", "is_disabled",
}  # fmt: skip


class RequestLog:
    """The last KEPT requests, oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: deque[Json] = deque(maxlen=KEPT)
        self._count = 0

    def open(self, method: str, path: str, at: float) -> Json:
        """Add an entry for a request, and return it to be completed.

        at: seconds since 1970.
        Returns `number`, `at`, `method`, `path`, `status`, `seconds`, `fault` and `summary`.
        """
        with self._lock:
            self._count += 1
            entry: Json = {
                "number": self._count,
                "at": at,
                "method": method,
                "path": path,
                "status": None,
                "seconds": None,
                "fault": None,
                "summary": {},
            }
            self._entries.append(entry)
            return entry

    def listed(self) -> list[Json]:
        """Copies of all entries, oldest first."""
        with self._lock:
            return [dict(entry) for entry in self._entries]


def summary(body: Mapping[str, Any]) -> Json:
    """The harmless fields of a request and its partner_params, and as `other_fields` the names of the rest."""
    params = body.get("partner_params")
    flat = {**(params if isinstance(params, dict) else {}), **body}
    return {
        **{name: flat[name] for name in sorted(_SHOWN & set(flat)) if not isinstance(flat[name], dict | list)},
        "other_fields": sorted(str(name) for name in set(body) - _SHOWN),
    }
