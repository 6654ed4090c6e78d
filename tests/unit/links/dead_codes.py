"""Links of each kind that opens nothing any more."""

from datetime import timedelta

from dashboard.db import utc_now

DEAD: dict[str, dict[str, object]] = {
    "used": {"uses_spent": 1},
    "expired": {"expires_at": utc_now() - timedelta(seconds=1)},
    "paused": {"paused_at": utc_now()},
    "revoked": {"revoked_at": utc_now()},
    "of another environment": {"environment": "production"},
}
